"""Make the record of a run and put it into Git; what Git does not take is kept as a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler import __version__
from reconciler.decide.fields import with_value, without_value
from reconciler.decide.saved_plan import plan_document
from reconciler.errors import RecordError
from reconciler.genesys.words import redacted
from reconciler.ledger.branch import NAME as BRANCH
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.source import find_repository
from reconciler.model import Action, Change, JsonObject, Outcome, Plan, Result, Run, Side
from reconciler.report.documents import apply_document, json_pieces, recorded
from reconciler.report.markdown import document_markdown
from reconciler.report.people import without_people
from reconciler.report.waivers import Standing, waiver_metrics
from reconciler.settings import Settings

FOLDER = ".reconciler"
"""Below the repository: records that Git would not take, ignored by Git."""
WRITTEN = (Result.APPLIED, Result.ALREADY)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a record is kept."""

    document: JsonObject
    """The record, with where it is kept."""
    path: str
    reason: str | None
    """Why it is a file and no commit, or why it was not pushed; None where all went well."""

    @property
    def is_safe(self) -> bool:
        """Whether it is kept at all."""
        return bool(self.path)

    @property
    def where(self) -> str:
        """Say where it is, for a person who has to look after it."""
        if self.path:
            return f"the record is kept in {self.path}"
        return "the record could not be kept as a file either, so what is printed is all there is of it"


def make_record(
    plan: Plan,
    run: Run,
    *,
    began: datetime,
    code: int,
    requests: Mapping[str, int],
    digest: str,
    allowed_changes: int | None,
    name: str,
    circumstances: JsonObject,
    waivers: Sequence[Standing] = (),
) -> JsonObject:
    """Make the document of a run; the plan stands in it with its changes, without what it leaves alone.

    `circumstances` are members of the document: the operator's words, and what the run found of others.
    """
    document = apply_document(
        run=name,
        when=began,
        exit_code=code,
        commit=plan.binding.commit,
        tree=plan.binding.tree,
        plan_digest=digest,
        outcomes=run.outcomes,
        webhooks=run.webhooks,
        probes=run.probes,
        audit=run.audit,
        requests=requests,
        held=run.held,
        error=run.error,
        version=__version__,
        organisation=plan.binding.organisation,
        allowed_changes=allowed_changes,
    )
    planned = plan_document(plan, requests)
    kept = ("summary", "exposure", "verdict", "files", "rules")
    changes = [
        channel for channel in planned["channels"] if channel["action"] in ("create", "update", "delete")
    ]
    return {
        **document,
        **circumstances,
        "metrics": {**document["metrics"], "waivers": waiver_metrics(waivers)},
        "plan": {"digest": digest, **{key: planned[key] for key in kept}, "channels": changes},
    }


def keep_record(settings: Settings, plan: Plan, run: Run, record: JsonObject, *, push: bool) -> Kept:
    """Commit the record to its branch and push it; a failure keeps it as a file and is told, not raised."""

    def applied(known: Mapping[str, JsonObject]) -> Mapping[str, JsonObject | None]:
        return agreed_of(plan, known) | applied_of(plan, run)

    return keep(settings, record, plan.binding.organisation, applied, push=push)


def keep(
    settings: Settings,
    record: JsonObject,
    organisation: str,
    applied: Callable[[Mapping[str, JsonObject]], Mapping[str, JsonObject | None]] = lambda _: {},
    *,
    push: bool,
) -> Kept:
    """Commit any run's record; a failure keeps it as a file.

    `applied` says, given what the record knows by channel name, what of that is otherwise now.
    """
    record = redacted(dict(record), [os.environ.get("GENESYS_CLIENT_SECRET", "")])
    repository = find_repository(settings.repo)
    if repository is None:
        path = keep_file(settings.repo, record)
        reason = (
            "the run is not recorded: there is no git repository here (--no-record says that none is wanted)"
        )
        return Kept(recorded(record, branch=BRANCH, path=path, reason=reason), path, reason)
    ledger = Ledger(repository, remote=settings.remote, push=push)
    try:
        changed = applied(ledger.applied(organisation))
        kept = record if settings.people else without_people(record)
        receipt = ledger.append(kept, document_markdown(kept), changed, organisation)
    except RecordError as error:
        path = keep_file(settings.repo, record)
        return Kept(recorded(record, branch=BRANCH, path=path, reason=str(error)), path, str(error))
    document = recorded(
        record, branch=BRANCH, path=receipt.path, commit=receipt.commit, pushed=receipt.pushed
    )
    return Kept(document, receipt.path, None)


def keep_file(repo: Path, record: JsonObject) -> str:
    """Write the record to a file of its own below the repository and give its path; empty where that fails."""
    folder = repo / FOLDER
    path = folder / f"{record['when'].replace(':', '').replace('-', '')}-{record['run']}.json"
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        with path.open("w") as file:
            file.writelines(json_pieces(record))
    except OSError:
        return ""
    return str(path)


def applied_of(plan: Plan, run: Run) -> dict[str, JsonObject | None]:
    """Give what is applied now per channel name: the desired fields and the revision; None for a deleted one."""
    results = {(outcome.kind, outcome.name, outcome.action): outcome for outcome in run.outcomes}
    applied: dict[str, JsonObject | None] = {}
    for change in plan.changes:
        outcome = results.get((change.kind, change.name, change.action))
        if outcome is None or outcome.result not in WRITTEN or _is_put_back(outcome):
            continue
        if change.action is Action.DELETE:
            # A file of this name may have been given another id, and was written just now.
            applied.setdefault(change.name, None)
        elif change.channel is not None:
            applied[change.name] = _applied(plan, _as_taken(change, outcome), outcome.after)
    return applied


def _is_put_back(outcome: Outcome) -> bool:
    return outcome.rollback is not None and outcome.rollback.result is not Result.NOT_REACHED


def _as_taken(change: Change, outcome: Outcome) -> Change:
    """Give the change as it ended: with the id and the pin that the remote gave, and live values that were kept."""
    spec = change.channel.spec if change.channel else {}
    for taken in outcome.taken:
        if taken.side is Side.LIVE:
            path, value = taken.clash.path, taken.clash.theirs
            spec = without_value(spec, path) if value is None else with_value(spec, path, value)
    if outcome.pin:
        spec = {**spec, "configuration": outcome.pin}
    channel = replace(change.channel, spec=spec) if change.channel else None
    return replace(change, id=outcome.id, channel=channel)


def agreed_of(plan: Plan, known: Mapping[str, JsonObject]) -> dict[str, JsonObject | None]:
    """Give the channels that were found as Git wants them, where the record does not say so yet.

    A channel that was adopted is never written, and would have no base to tell drift from.
    """
    found = {
        change.name: _applied(plan, change, change.live.revision.value if change.live else None)
        for change in plan.changes
        if change.action is Action.UNCHANGED
    }
    told = ("kind", "id", "spec")
    return {
        name: document
        for name, document in found.items()
        if any(known.get(name, {}).get(key) != document[key] for key in told)
    }


def _applied(plan: Plan, change: Change, revision: str | None) -> JsonObject:
    spec = change.channel.spec if change.channel else {}
    return {
        "kind": change.kind,
        "id": change.id,
        "revision": revision,
        "spec": json.loads(json.dumps(spec)),
        "commit": plan.binding.commit,
        "tree": plan.binding.tree,
    }
