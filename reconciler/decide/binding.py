"""Whether a saved plan was made for what is in front of us now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.decide.fields import same
from reconciler.decide.ignores import NOTHING, Ignored, without
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Steps
from reconciler.model import Action, Binding, Channel, JsonObject, Plan, Pointer


def unbound(saved: Binding, now: Binding) -> str | None:
    """Say why a saved plan is not for this remote and these files; None where it is.

    The commit may differ: a squash merge gives the reviewed files another commit, and the files are what counts.
    """
    if saved.api != now.api:
        return f"it was made for {saved.api}, and GENESYS_ENV_URL is {now.api}"
    if saved.organisation != now.organisation:
        return f"it was made for the organisation {saved.organisation}, and this is {now.organisation}"
    if saved.files != now.files:
        return "the channel files have changed since it was made"
    if saved.rules != now.rules:
        return "the schemas or rule settings have changed since it was made"
    return None


def foreign(
    plan: Plan,
    channels: Sequence[Channel],
    applied: Collection[tuple[str, str]],
    ignored: Ignored = NOTHING,
) -> str | None:
    """Say what in a saved plan the files and the record do not ask for; None where they ask for all of it.

    A plan may have come through an artifact of a workflow, and its digest only says that it is whole: whoever can
    make one could write anything into it. `applied` holds kind and id of what the record says Git once managed.
    """
    files = {channel.name: channel for channel in channels}
    named = {(channel.kind, channel.id) for channel in channels}
    for change in plan.changes:
        if change.channel is not None and not _is_asked(
            change.channel, files.get(change.name), ignored.get(change.name, frozenset())
        ):
            return f"it wants something else of {change.name} than its file does"
        identity = (change.kind, change.id)
        if change.action is Action.DELETE and (identity in named or identity not in applied):
            return f"it deletes {change.name}, which a file names, or which the record does not know"
    return None


def _is_asked(planned: Channel, file: Channel | None, ignored: Collection[Pointer]) -> bool:
    if file is None or (planned.kind, planned.health_webhook) != (file.kind, file.health_webhook):
        return False
    # A field that is left alone is left out of what is written, and yet wanted of what is created.
    return any(same(_spec(planned), wanted) for wanted in (_spec(file), without(_spec(file), ignored)))


def _spec(channel: Channel) -> JsonObject:
    """Give the spec without what planning puts in: the pin that a reference means."""
    if kind_named(channel.kind).steps is not Steps.DEPLOY:
        return channel.spec
    return {name: value for name, value in channel.spec.items() if name != "configuration"}
