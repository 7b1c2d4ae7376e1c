"""The report of a fleet: one entry an organisation, whichever process made it; and several such reports as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.errors import UsageError
from reconciler.model import Json, JsonObject

FORMAT = 1
COMMAND = "fleet"
STORIES = ("plan", "apply", "drift")
ORDER = (3, 1, 4, 5, 6, 2)
"""Exit codes of the contract, the first that holds for any organisation wins."""
LOST = 1
NOT_TOLD = "no report tells of it; its job was lost, so run it again"
QUIET = ("unchanged", "unmanaged")


def entry_of(name: str, code: int, document: JsonObject | None, error: str | None) -> JsonObject:
    """Make the entry of one organisation; what is only listed as it is stands in the summary alone."""
    result = None if document is None else {**document}
    channels = result.get("channels") if result else None
    if result and isinstance(channels, list):
        result["channels"] = [one for one in channels if one.get("action") not in QUIET]
    return {"name": name, "exit": code, "error": error, "result": result}


def fleet_document(story: str, entries: Iterable[JsonObject]) -> JsonObject:
    """Make the report of a fleet, by the name of the organisation."""
    listed = sorted(entries, key=lambda entry: str(entry["name"]))
    return {
        "format": FORMAT,
        "command": COMMAND,
        "story": story,
        "exit": exit_of([entry["exit"] for entry in listed]),
        "summary": _summary(listed),
        "organisations": listed,
    }


def merge(documents: Sequence[Json], expected: Iterable[str] = ()) -> JsonObject:
    """Make one report of several of the same command, as one process would have made it.

    An organisation that is `expected` and in none of them is one whose job was lost. Raises `UsageError` for what is
    no such report, and where two of them have one organisation.
    """
    stories = {_story(document) for document in documents}
    if len(stories) != 1 or not stories <= set(STORIES):
        raise UsageError("report merge takes reports of one story: fleet plan, fleet apply or fleet drift")
    entries = [entry for document in documents for entry in document["organisations"]]
    twice = [name for name, count in Counter(entry["name"] for entry in entries).items() if count > 1]
    if twice:
        raise UsageError(f"the organisation {twice[0]} is in two reports; each belongs to one job")
    told = {entry["name"] for entry in entries}
    lost = [entry_of(name, LOST, None, NOT_TOLD) for name in expected if name not in told]
    return fleet_document(str(stories.pop()), [*entries, *lost])


def exit_of(codes: Sequence[int]) -> int:
    """Give the exit code of a fleet: the first of the contract's order that any organisation has."""
    stopped = [code for code in codes if code >= 128]
    return next((code for code in ORDER if code in codes), stopped[0] if stopped else max(codes, default=0))


def _story(document: Json) -> Json:
    is_fleet = isinstance(document, dict) and document.get("command") == COMMAND
    return document.get("story") if is_fleet else None


def _summary(entries: Sequence[JsonObject]) -> JsonObject:
    actions: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    results: Counter[str] = Counter()
    for entry in entries:
        result = entry["result"] or {}
        actions.update(result.get("summary") or {})
        requests.update(result.get("requests") or {})
        results.update(outcome["result"] for outcome in result.get("outcomes") or ())
    return {
        "organisations": len(entries),
        "exits": dict(sorted(Counter(str(entry["exit"]) for entry in entries).items())),
        "actions": dict(sorted(actions.items())),
        "results": dict(sorted(results.items())),
        "requests": dict(sorted(requests.items())),
    }
