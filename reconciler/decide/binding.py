"""Whether a saved plan was made for what is in front of us now."""

from __future__ import annotations

from reconciler.model import Binding


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
