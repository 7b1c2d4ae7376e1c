"""Which promise was broken, read from the remote's log; the tool's own words are judged, and never believed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from genesys_remote import SECRET

from reconciler import run
from reconciler.acts.record import make_record
from reconciler.decide.fields import leaves
from reconciler.decide.saved_plan import plan_document
from reconciler.model import Action, Change, Exposure, Outcome, Pointer, Result

from .play import TOOL, Played
from .schedules import HELD
from .world import RUN_SECONDS, Commit, Sent

SET = ("webchatSettings", "corsAllowedOrigins")
VERSION = ("version",)
SILENT = (Result.CLASHED, Result.REJECTED, Result.FAILED, Result.NOT_REACHED)
"""Results that say that nothing was written."""
GRACE_SECONDS = 5.0
CONFLICTS = (409, 412, 428)
ATTEMPTS = 5
WRITES = 6
"""The first, and one for each conflict that a run takes."""


def broken(played: Played) -> list[str]:
    """Give every promise that did not hold, by the name of its invariant; nothing where all did."""
    checks = (_writes, _lost, _plan_kept, _words, _hooks, _secrets, _code, _time, _idempotent)
    return [f"{check.__doc__} {told}" for check in checks for told in check(played)]


def _writes(played: Played) -> Iterator[str]:
    """I1:"""
    changes = {change.id: change for change in played.plan.changes}
    for commit in _ours(played):
        change = changes.get(commit.entity)
        if change is None or commit.after is None:
            continue
        yield from _bad_body(change, commit)
        reviewed = change.live.revision.value if change.live else None
        if played.schedule.strict and commit.before and str(commit.before["version"]) != reviewed:
            yield f"{commit.entity}: a strict run wrote over {commit.before['version']}, reviewed was {reviewed}"


def _bad_body(change: Change, commit: Commit) -> Iterator[str]:
    """Compare what was stored with the live document at that instant under what Git manages."""
    desired = _fields(change.channel.spec if change.channel else {})
    base = _fields(change.live.document if change.live else {})
    before, after = _fields(commit.before or {}), _fields(commit.after or {})
    for path in {*before, *after} - {VERSION}:
        if path not in desired:
            if before.get(path) != after.get(path):
                yield f"{commit.entity} lost the unmanaged {path}: {before.get(path)} to {after.get(path)}"
        elif path == SET and change.live:
            expected = _merged(base.get(path), before.get(path), desired[path])
            if after.get(path) != expected:
                yield f"{commit.entity} {path} is {after.get(path)}, and the merge is {expected}"
        elif after.get(path) != desired[path]:
            yield f"{commit.entity} {path} is {after.get(path)}, and Git wants {desired[path]}"
        elif change.live and before.get(path) not in (base.get(path), desired[path]):
            yield f"{commit.entity} {path} was overwritten unseen: it was {before.get(path)}"


def _lost(played: Played) -> Iterator[str]:
    """I2:"""
    managed = {
        change.id: set(_fields(change.channel.spec)) for change in played.plan.changes if change.channel
    }
    expected: dict[str, dict[Pointer, Any]] = {one["id"]: _fields(one) for one in played.schedule.live}
    for commit in played.world.channels.commits:
        if commit.after is None or commit.before is None:
            expected[commit.entity] = _fields(commit.after or {})
        elif not _is_tools(played, commit):
            before, after = _fields(commit.before), _fields(commit.after)
            moved = {path for path in {*before, *after} if before.get(path) != after.get(path)}
            for path in moved:
                expected[commit.entity][path] = after.get(path)
    for entity, fields in expected.items():
        live = _fields(played.world.channels.live.get(entity, {}))
        for path, value in fields.items():
            unmanaged = path != VERSION and path not in managed.get(entity, ())
            if unmanaged and live and live.get(path) != value:
                yield f"{entity} {path}: somebody wrote {value}, and it is {live.get(path)}"


def _plan_kept(played: Played) -> Iterator[str]:
    """I3:"""
    changes = {change.id: change for change in played.plan.changes if change.writes}
    counts: Counter[str] = Counter()
    for commit in _ours(played):
        change = changes.get(commit.entity)
        if change is None or _action(commit) is not change.action:
            yield f"{_action(commit)} of {commit.entity} was not planned"
        counts[commit.entity] += 1
        if commit.after is None and commit.entity not in {entity for _, entity in played.schedule.pruned}:
            yield f"{commit.entity} was deleted, and Git never managed it"
    for entity, count in counts.items():
        if count > 1 and not _deleted_between(played, entity):
            yield f"{entity} was written {count} times"
    names = Counter(hook["name"] for hook in played.world.webhooks.live.values())
    yield from (f"{count} webhooks are called {name}" for name, count in names.items() if count > 1)


def _words(played: Played) -> Iterator[str]:
    """I4:"""
    planned = [(change.kind, change.id) for change in played.plan.changes if change.writes]
    if sorted(planned) != sorted((outcome.kind, outcome.id) for outcome in played.run.outcomes):
        yield "not every planned change has one outcome"
    changes = {change.id: change for change in played.plan.changes}
    for outcome in played.run.outcomes:
        sent = [one for one in played.sent if one.writes and one.entity == outcome.id]
        commits = [one for one in _ours(played, till_end=True) if one.entity == outcome.id]
        told = _false_word(outcome, sent, commits, played, changes[outcome.id])
        told = told or _false_failure(outcome, sent, played)
        if told:
            yield f"{outcome.name} is called {outcome.result}, but {told} ({outcome.reason})"
        if outcome.attempts > len(sent):
            yield f"{outcome.name} counts {outcome.attempts} writes, and {len(sent)} were sent"


def _false_word(
    outcome: Outcome, sent: list[Sent], commits: list[Commit], played: Played, change: Change
) -> str | None:
    if outcome.result is Result.APPLIED:
        if not commits:
            return "we committed nothing"
        if outcome.after != commits[-1].version:
            return f"we wrote version {commits[-1].version}, and it says {outcome.after}"
        # A warning says that more than one step lies between; here nobody lets that happen.
        return "it warns of what did not happen" if outcome.warning else None
    if outcome.result is Result.ALREADY:
        return None if _was_as_wanted(outcome, played, change) else "it never was as wanted"
    if outcome.result in SILENT and commits:
        return "we committed something"
    if outcome.result is Result.CLASHED and not _was_moved(outcome, played):
        return "nobody moved it since the plan was made"
    if outcome.result is Result.NOT_REACHED:
        return "a write was sent" if sent else _needless_rest(played)
    # An answer is also lost where it came and could not be read.
    if outcome.result is Result.UNKNOWN and all(one.status in range(400, 500) for one in sent):
        return "every write was answered with a refusal"
    return _needless_doubt(outcome, played)


def _needless_rest(played: Played) -> str | None:
    why = played.stopped_after is not None or played.run.error or played.run.held
    return None if why else "nothing kept it from being tried"


def _needless_doubt(outcome: Outcome, played: Played) -> str | None:
    """Say why a doubt could have been settled: nobody else wrote, and the last look was answered."""
    if outcome.result is not Result.UNKNOWN or played.stopped_after is not None:
        return None
    if outcome.action is Action.CREATE:
        return (
            None  # a read that shows what was deleted before is not known from a channel that was made since
        )
    looks = [one for one in played.sent if one.entity == outcome.id and "auditlogs" not in one.path]
    writes = [one for one in looks if one.writes]
    if any(one.status is None for one in writes) and len(writes) >= WRITES:
        return None  # what was never answered may arrive when nobody looks any more
    # A remote that says that it moved, also by a 400, or is gone, and shows that it is as it was, can be believed in
    # neither.
    if writes[-1].status in (*CONFLICTS, 400, 404) or looks[-1].method != "GET" or looks[-1].status != 200:
        return None
    return None if _was_moved(outcome, played) else "a look could have told"


def _was_moved(outcome: Outcome, played: Played) -> bool:
    since = played.world.channels.commits[played.planned :]
    return any(one.entity == outcome.id and not _is_tools(played, one) for one in since)


def _false_failure(outcome: Outcome, sent: list[Sent], played: Played) -> str | None:
    """Say why a channel need not have failed."""
    if outcome.result not in (Result.FAILED, Result.REJECTED) or not sent or played.stopped_after is not None:
        return None
    last = sent[-1]
    # Where every token is refused, nothing goes out any more: no look and no second attempt.
    if played.run.error and last.status != 401:
        return None
    looks = [
        one for one in played.sent if one.method == "GET" and one.entity == outcome.id and one.at >= last.at
    ]
    if last.status in CONFLICTS and not looks:
        return f"{last.status} is a conflict, which is looked into"
    if last.status == 429 and len(sent) < ATTEMPTS:
        return f"it gave up on 429 after {len(sent)} writes"
    refused = [one for one in played.sent if one.status == 401]
    return "a refused token is renewed once" if last.status == 401 and len(refused) < 2 else None


def _hooks(played: Played) -> Iterator[str]:
    """I4:"""
    tools = [commit for commit in played.world.webhooks.commits if _is_tools(played, commit)]
    for hook in played.run.webhooks:
        commits = [one for one in tools if one.after and one.after["name"] == hook.name]
        if hook.result in SILENT and commits:
            yield f"the webhook {hook.name} is called {hook.result}, but we wrote it ({hook.reason})"
        if hook.result is Result.APPLIED and not commits:
            yield f"the webhook {hook.name} is called applied, but we wrote nothing"


def _was_as_wanted(outcome: Outcome, played: Played, change: Change) -> bool:
    if outcome.action is Action.DELETE:
        gone = [
            one for one in played.world.channels.commits if one.entity == outcome.id and one.after is None
        ]
        return bool(gone)
    wanted = _fields(outcome.spec)
    documents = [commit.after for commit in played.world.channels.commits if commit.entity == outcome.id]
    there = [one for one in documents if one and str(one["version"]) == outcome.after]
    return any(all(_fields(one).get(path) == value for path, value in wanted.items()) for one in there)


def _secrets(played: Played) -> Iterator[str]:
    """I5:"""
    record = make_record(
        played.plan,
        played.run,
        began=played.world.clock._began,
        code=run.exit_code(played.run),
        requests={},
        digest="sha256:0",
        allowed_changes=None,
        name="proof",
        circumstances={},
    )
    text = json.dumps([record, plan_document(played.plan, {})])
    yield from (f"a plan or record holds {word}" for word in (SECRET, f"token-{TOOL}", HELD) if word in text)


def _code(played: Played) -> Iterator[str]:
    """I7:"""
    done = {Result.APPLIED, Result.ALREADY}
    results = [outcome.result for outcome in played.run.outcomes]
    results += [hook.result for hook in played.run.webhooks]
    warned = any(outcome.warning for outcome in played.run.outcomes)
    expected = 1 if played.run.error else 0 if set(results) <= done and not warned else 4
    if run.exit_code(played.run) != expected:
        yield f"the exit code is {run.exit_code(played.run)}, and should be {expected}"


def _time(played: Played) -> Iterator[str]:
    """I8:"""
    if played.seconds > RUN_SECONDS + GRACE_SECONDS:
        yield f"the run took {played.seconds:.0f} s"
    if played.stopped_after is not None and played.stopped_after > GRACE_SECONDS:
        yield f"it went on for {played.stopped_after:.1f} s after it was told to stop"


def _idempotent(played: Played) -> Iterator[str]:
    """I9:"""
    if played.healed and run.exit_code(played.healed) != 0 and not played.healed.held:
        results = [(outcome.name, outcome.result, outcome.reason) for outcome in played.healed.outcomes]
        yield f"the healing run ended with {run.exit_code(played.healed)}: {results}"
    if played.left and played.left.writes and not (played.healed and played.healed.held):
        left = [(change.name, change.action) for change in played.left.changes if change.writes]
        yield f"after the healing run a plan still has {left}"


def _ours(played: Played, *, till_end: bool = False) -> list[Commit]:
    commits = played.world.channels.commits[played.began : played.ended if till_end else None]
    return [commit for commit in commits if _is_tools(played, commit)]


def _is_tools(played: Played, commit: Commit) -> bool:
    return commit.actor.client_id == played.world.names[TOOL]


def _action(commit: Commit) -> Action:
    if commit.after is None:
        return Action.DELETE
    return Action.CREATE if commit.before is None else Action.UPDATE


def _deleted_between(played: Played, entity: str) -> bool:
    return any(
        commit.entity == entity and commit.after is None and not _is_tools(played, commit)
        for commit in played.commits
    )


def _merged(base: Any, theirs: Any, ours: Any) -> tuple[Any, ...]:
    was, now, wanted = set(base or ()), set(theirs or ()), set(ours)
    return tuple(sorted((now & wanted) | (now - was) | (wanted - was)))


def _fields(document: Mapping[str, Any]) -> dict[Pointer, Any]:
    """Give the fields of a document, lists as sorted tuples, without those that hold nothing."""
    return {
        path: tuple(sorted(value)) if isinstance(value, list) else value
        for path, value in leaves(document).items()
        if value is not None
    }


__all__ = ["Exposure", "broken"]
