"""A plan as Markdown: the verdict, the totals, then each change, worst first, as far as there is room.

What a reviewer must not miss stands in every plan, however long: verdict, notices, totals and digest. A change
that does not fit in full is folded, then named, then counted (`levels`), and the page says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model import Action, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import (
    EXPOSURES,
    Group,
    group_views,
    groups,
    notes,
    of_action,
    webhooks_to_write,
)
from reconciler.report.counts import counted
from reconciler.report.escape import cell, code, html_code, inert, longest_run, printable, shown, words
from reconciler.report.levels import Level, Shown, choose
from reconciler.report.markdown_page import LIMIT, Piece, fit, folded, marker, row, size, table
from reconciler.report.waivers import waiver_sentences
from reconciler.report.wording import (
    ACTION_SYMBOLS,
    approval_sentence,
    field_name,
    held_sentence,
    offline_sentence,
    plan_verdict,
    requests_text,
)

LINES = 400
"""Lines of the diff of one change that are shown before the rest is counted."""
FOLDED_LINES = 12
NAMES = 1_000
FOLDED_NAMES = 20
FIELDS = 4
"""Fields that are named where no diff is shown."""
HEADINGS = 40
"""Where changes that are only named differ in more ways, their fields are not named."""
SIDE_ROOM = 4_000
"""Bytes that webhooks may take, and unmanaged channels."""
NOTICES = 10
SENTENCE = 400
LARGE = 10_000_000
"""More changes than any plan has, for measuring."""
MEASURE = dict.fromkeys(Level, LARGE)
LEVELS = {
    Level.FULL: "in full",
    Level.FOLDED: "folded",
    Level.NAMED: "by name",
    Level.COUNTED: "in the totals alone",
}
EXPOSURE_WORDS = {
    Exposure.WIDENS: "**widens**",
    Exposure.UNKNOWN: "**unknown**",
    Exposure.NARROWS: "narrows",
    Exposure.NEUTRAL: "neutral",
}
SUMMARY_WORDS = {
    Exposure.WIDENS: "<b>widens</b>",
    Exposure.UNKNOWN: "<b>unknown exposure</b>",
    Exposure.NARROWS: "narrows",
    Exposure.NEUTRAL: "neutral",
}
ALL_OF_IT = "the JSON of the plan"


@dataclass(frozen=True, slots=True)
class Extras:
    """What stands on the page besides the plan."""

    drift: str = ""
    """A section about drift, as Markdown that is inert already."""
    whole: str = ""
    """URL of the whole report, which we made ourselves; empty where there is none."""


NOTHING_MORE = Extras()


def plan_markdown(document: JsonObject, *, limit: int = LIMIT, extras: Extras = NOTHING_MORE) -> str:
    """Write a plan of at most `limit` bytes; 12,000 are always enough."""
    changed = groups(document)
    noted = [f"{name}: {note}" for name, note in notes(document)]
    head, foot = _head(document, changed, noted), _foot(document)
    side = _side(document)
    texts, headings = [_texts(group) for group in changed], _headings(changed)
    around = (
        head,
        foot,
        side,
        extras.drift,
        _note(MEASURE, extras.whole),
        _closed("", LARGE),
        *set(headings),
    )
    levels = choose(texts, limit - sum(map(size, around)))
    body = _body(texts, headings, levels)
    return f"{head}{body}{_note(levels, extras.whole)}{side}{extras.drift}{foot}"


def exposure_words(exposure: str) -> str:
    """Write an exposure; what nobody has heard of is unknown."""
    return EXPOSURE_WORDS[Exposure(exposure) if exposure in list(Exposure) else Exposure.UNKNOWN]


def diff_block(lines: Sequence[str], language: str = "diff") -> str:
    """Write lines in a fence that none of them can close."""
    text = inert("".join(f"{printable(line)}\n" for line in lines))
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}{language}\n{text}{fence}\n"


def _head(document: JsonObject, changed: Sequence[Group], notices: Sequence[str]) -> str:
    verdict = words(shown(plan_verdict(document), SENTENCE))
    sentences = (offline_sentence, approval_sentence, held_sentence)
    ours = (*(sentence(document) for sentence in sentences), *waiver_sentences(document)[:NOTICES])
    said = filter(None, (words(shown(notice, SENTENCE)) for notice in (*ours, *notices[:NOTICES])))
    told = "".join(f"\n> **{notice}**\n" for notice in said)
    mark = marker("plan", facts.word(document, "organisation"), facts.word(document, "digest"))
    return f"{mark}\n### Reconciler plan: {verdict}\n{told}{_totals(document, changed)}"


def _totals(document: JsonObject, changed: Sequence[Group]) -> str:
    summary = facts.part(document, "summary")
    rest = ", ".join(f"{facts.count(summary, action)} {action}" for action in ("unchanged", "unmanaged"))
    counts = Counter((_exposure(group), group.action) for group in changed for _ in group.channels)
    if not counts:
        return f"\nNo channel changes; {rest}.\n"
    lines = [
        row(EXPOSURE_WORDS[exposure], *(str(counts[exposure, action] or "") for action in ACTION_SYMBOLS))
        for exposure in EXPOSURES
        if any(counts[exposure, action] for action in ACTION_SYMBOLS)
    ]
    return f"{table('exposure', *ACTION_SYMBOLS)}{''.join(lines)}\n{rest}.\n"


def _exposure(group: Group) -> Exposure:
    return Exposure(group.exposure) if group.exposure in list(Exposure) else Exposure.UNKNOWN


def _texts(group: Group) -> Shown:
    lines = list(_diff(group))
    title = f"{_symbol(group)} {group.action} {_title(group)} · {SUMMARY_WORDS[_exposure(group)]}"
    full = folded(title, _names(group, NAMES) + diff_block(_first(lines, LINES)))
    short = folded(title, _names(group, FOLDED_NAMES) + diff_block(_first(lines, FOLDED_LINES)))
    named = "".join(f"{code(shown(name))}, " for name in group.names)
    return Shown(named, short, full)


def _symbol(group: Group) -> str:
    return ACTION_SYMBOLS[group.action]


def _title(group: Group) -> str:
    first = html_code(shown(group.names[0]))
    more = len(group.names) - 1
    return f"{first} and {counted(more, 'channel')} with the same change" if more else first


def _first(lines: Sequence[str], most: int) -> list[str]:
    left = len(lines) - most
    return list(lines) if left <= 0 else [*lines[:most], f"# {counted(left, 'more line')}"]


def _headings(changed: Sequence[Group]) -> list[str]:
    """Give, for each change, the line under which it is named together with those that are like it."""
    headings = [_heading(group, _fields(group)) for group in changed]
    return headings if len(set(headings)) <= HEADINGS else [_heading(group, "") for group in changed]


def _heading(group: Group, fields: str) -> str:
    return f"- `{_symbol(group)}` {EXPOSURE_WORDS[_exposure(group)]}{fields}: \n"


def _fields(group: Group) -> str:
    if group.action != Action.UPDATE:
        return ""
    paths = list(dict.fromkeys(facts.word(change, "path") for change in group.changes))
    more = f" and {counted(len(paths) - FIELDS, 'more field')}" if len(paths) > FIELDS else ""
    return f", {', '.join(code(shown(field_name(path))) for path in paths[:FIELDS])}{more}"


def _names(group: Group, most: int) -> str:
    if len(group.names) == 1:
        return ""
    first = ", ".join(code(shown(name)) for name in group.names[:most])
    rest = f" and {len(group.names) - most} more" if len(group.names) > most else ""
    return f"{first}{rest}\n\n"


def _diff(group: Group) -> Iterator[str]:
    for view in group_views(group):
        notes = filter(None, (view.note, f"from {view.origin}" if view.origin else ""))
        note = f"   # {shown(said, 300)}" if (said := ", ".join(notes)) else ""
        yield f"  {shown(field_name(view.path), 300)}{note}"
        yield from (f"+   {value}" for value in view.added)
        yield from (f"-   {value}" for value in view.removed)


def _body(texts: Sequence[Shown], headings: Sequence[str], levels: Sequence[Level]) -> str:
    detailed: list[str] = []
    named: dict[str, list[str]] = {}
    for text, heading, level in zip(texts, headings, levels, strict=True):
        if level > Level.NAMED:
            detailed.append(text.at(level))
        elif level is Level.NAMED:
            named.setdefault(heading, []).append(text.named)
    listed = "".join(
        f"{heading.rstrip()} {''.join(names).removesuffix(', ')}\n" for heading, names in named.items()
    )
    number = sum(map(len, named.values()))
    return "".join(detailed) + (_closed(listed, number) if listed else "")


def _closed(listed: str, number: int) -> str:
    return folded(f"{counted(number, 'more change')} by name", listed)


def _note(levels: Iterable[Level] | Mapping[Level, int], whole: str) -> str:
    """Say how many changes are shown at each level, where not each is in full."""
    counts = Counter(levels)
    if counts[Level.FULL] == counts.total():
        return ""
    told = ", ".join(f"{counts[level]} {name}" for level, name in LEVELS.items() if counts[level])
    return (
        f"\nToo long for one page: of {counted(counts.total(), 'change')}, {told}; {_where(whole)} has all.\n"
    )


def _where(whole: str) -> str:
    return f"[the whole report]({whole})" if whole else ALL_OF_IT


def _side(document: JsonObject) -> str:
    webhooks = Piece(
        table("", "health webhook", "address"),
        [_webhook_row(webhook) for webhook in webhooks_to_write(document)],
        noun="webhooks",
    )
    names = [
        f"- {code(shown(facts.word(channel, 'name')))} (id {code(shown(facts.word(channel, 'id')))})\n"
        for channel in of_action(document, Action.UNMANAGED)
    ]
    kept = fit([Piece("\n", names, noun="unmanaged channels")], SIDE_ROOM)
    title = f"{counted(len(names), 'live channel')} in no file, left alone"
    return fit([webhooks], SIDE_ROOM) + (folded(title, kept) if names else "")


def _webhook_row(webhook: JsonObject) -> str:
    action = facts.word(webhook, "action")
    name, address = facts.word(webhook, "name"), facts.word(webhook, "address")
    return row(f"`{ACTION_SYMBOLS[action]}` {action}", cell(shown(name)), cell(shown(address, 300)))


def _foot(document: JsonObject) -> str:
    bindings = [
        f"{key} {code(shown(facts.word(document, key)))}"
        for key in ("digest", "commit", "organisation")
        if facts.word(document, key)
    ]
    bill = requests_text(facts.part(document, "requests"))
    return f"\n{' · '.join([code(shown(bill)), *bindings])}\n"
