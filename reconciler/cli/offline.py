"""`reconciler plan --offline`: what would change if live were as last applied; for who may not see live.

A pull request from a fork gets no secret. Its plan is made against the record, says so, and cannot be applied.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.plan import Planned
    from reconciler.cli.session import Desk
    from reconciler.model import Json, JsonObject, LiveChannel

API = "https://api.invalid"
"""Stands for the remote that nobody asked, where the environment names none."""
NOBODY = "unknown"
"""Stands for the organisation, where nothing names one and nothing was applied yet."""


def plan_offline(**options: Any) -> tuple[Planned, JsonObject]:
    """Make a plan against what the record says was applied, and its document."""
    from dataclasses import replace

    from reconciler.cli.plan import Planned
    from reconciler.cli.session import open_desk, require_names, require_valid
    from reconciler.decide.plan import make_plan
    from reconciler.decide.saved_plan import digest_of, plan_document
    from reconciler.errors import UsageError

    only = options.pop("only", ())
    if options.pop("prune", False):
        raise UsageError("--prune needs a look at the remote; leave out --offline")
    desk = open_desk(**options)
    channels = require_valid(desk)
    names = require_names(channels, only, "--only")
    organisation, applied = _record(desk)
    live = [one for document in applied.values() if (one := _live(document))]
    made = make_plan(_binding(desk, organisation), channels, live, (), only=names)
    # Nothing is known of webhooks; to say that each must be created would be wrong.
    plan = replace(made, webhooks=())
    document: dict[str, Json] = {**plan_document(plan, {}), "offline": True}
    return Planned(desk, plan, {}, None, None), {**document, "digest": digest_of(document)}


def _record(desk: Desk) -> tuple[str, Mapping[str, JsonObject]]:
    from reconciler.errors import UsageError
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.source import find_repository
    from reconciler.settings import organisation_of

    repository = find_repository(desk.settings.repo)
    if repository is None:
        raise UsageError("--offline needs the record of earlier runs, and there is no git repository here")
    ledger = Ledger(repository, remote=desk.settings.remote)
    trouble = ledger.fetch()
    if trouble:
        desk.notice(f"the remote's records could not be fetched, those of this clone are used: {trouble}")
    url = os.environ.get("GENESYS_ENV_URL", "")
    known = ledger.organisations()
    if desk.settings.organisation or "://" in url:
        organisation = organisation_of(desk.settings, url)
    elif len(known) == 1:
        organisation = known[0]
    elif not known:
        organisation = NOBODY
        desk.notice("nothing was applied from here yet, so every channel is shown as new")
    else:
        raise UsageError(
            f"the record knows {len(known)} organisations ({', '.join(known[:5])}); set GENESYS_ENV_URL,"
            " or [record] organisation in reconciler.toml"
        )
    return organisation, ledger.applied(organisation)


def _binding(desk: Desk, organisation: str) -> Any:
    from reconciler.cli.session import bind

    return bind(desk, os.environ.get("GENESYS_ENV_URL") or API, organisation)


def _live(document: JsonObject) -> LiveChannel | None:
    """Give a channel as it was last applied; None where the record cannot be understood."""
    from reconciler.decide.drift import read_applied
    from reconciler.kinds import KINDS
    from reconciler.model import LiveChannel, Revision

    applied, revision = read_applied(document), document.get("revision")
    if applied is None or all(kind.name != applied.kind for kind in KINDS):
        return None
    name = applied.spec.get("name")
    return LiveChannel(
        kind=applied.kind,
        id=applied.id,
        name=name if isinstance(name, str) else "",
        document=applied.spec,
        revision=Revision(revision if isinstance(revision, str) else "0"),
    )
