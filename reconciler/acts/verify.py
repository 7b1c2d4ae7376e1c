"""Prove channels at their endpoints: what must be accepted is, and what must be refused is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.decide.targets import targets
from reconciler.errors import UsageError
from reconciler.kinds import kind_named
from reconciler.model import Change, Channel, Json, Probe, Result, Target
from reconciler.probe.rules import ProbeRules, parse_connect_to
from reconciler.settings import Settings

WRITTEN = (Result.APPLIED, Result.ALREADY)


def probe_rules(settings: Settings) -> ProbeRules:
    """Make the rules of the probe from the settings; raises `UsageError` for a connect-to that is none."""
    try:
        connect_to = parse_connect_to(",".join(settings.connect_to))
    except ValueError as error:
        raise UsageError(f"--connect-to or RECONCILER_CONNECT_TO: {error}") from error
    return ProbeRules(allow_hosts=settings.allow_hosts, connect_to=connect_to, ca_file=settings.ca_file)


async def verify(
    channels: Sequence[Channel],
    rules: ProbeRules,
    removed: Mapping[str, Collection[str]],
    notice: Callable[[Probe], None] | None = None,
) -> tuple[Probe, ...]:
    """Probe every enabled channel; `removed` names origins per channel that were just taken away."""
    from reconciler.probe.endpoint import probe_all

    asked: list[Target] = []
    for channel in channels:
        asked.extend(
            targets(kind_named(channel.kind), channel, removed_origins=tuple(removed.get(channel.name, ())))
        )
    return await probe_all(asked, rules, notice)


def removed_origins(changes: Sequence[Change]) -> Mapping[str, Collection[str]]:
    """Give the origins per channel that a plan takes away."""
    removed: dict[str, list[str]] = {}
    for change in changes:
        if change.channel is None or change.live is None:
            continue
        kind = kind_named(change.kind)
        before: Json = kind.origins(change.live.document)
        kept = set(kind.origins(change.channel.spec))
        removed[change.name] = [origin for origin in before if origin not in kept]
    return removed


def skipped(channels: Sequence[Channel]) -> Mapping[str, str]:
    """Give the reason per channel that is not probed."""
    return {
        channel.name: "it is disabled"
        for channel in channels
        if not kind_named(channel.kind).enabled(channel.spec)
    }
