"""A plan as Markdown: the verdict, a table of what changes, and the fields of each channel to open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Action, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import Group, group_views, groups, of_action, webhooks_to_write
from reconciler.report.escape import cell, code, html_code, inert, longest_run, printable, shown, words
from reconciler.report.markdown_page import Piece, folded, row, table, text_piece
from reconciler.report.wording import (
    ACTION_SYMBOLS,
    counted,
    field_name,
    plan_counts,
    plan_verdict,
    requests_text,
)

LINES = 100
"""Lines of the diff of one channel that are shown before the rest is counted."""
NAMES = 20
MARKER = "<!-- reconciler:plan -->"
"""By this a comment is found again, so that it is updated and not repeated."""
EXPOSURES = {
    Exposure.WIDENS: "**widens**",
    Exposure.UNKNOWN: "**unknown**",
    Exposure.NARROWS: "narrows",
    Exposure.NEUTRAL: "neutral",
}


def plan_pieces(document: JsonObject) -> Sequence[Piece]:
    """Give the parts of the page, the most important first."""
    changed = groups(document)
    unmanaged = [
        f"- {code(shown(facts.word(channel, 'name')))} (id {code(shown(facts.word(channel, 'id')))})\n"
        for channel in of_action(document, Action.UNMANAGED)
    ]
    return [
        text_piece(_head(document)),
        Piece(
            table("", "channel", "kind", "exposure", "fields"),
            [_row(group, name) for group in changed for name in group.names],
            noun="channels",
        ),
        Piece(
            table("", "health webhook", "address"),
            [_webhook_row(webhook) for webhook in webhooks_to_write(document)],
            noun="webhooks",
        ),
        Piece("\n", [_block(group) for group in changed if group.changes], noun="changes"),
        Piece("\nLive, in no file, and left alone:\n\n", unmanaged, noun="unmanaged channels"),
        text_piece(_foot(document)),
    ]


def diff_block(lines: Sequence[str], language: str = "diff") -> str:
    """Write lines in a fence that none of them can close."""
    text = inert("".join(f"{printable(line)}\n" for line in lines))
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}{language}\n{text}{fence}\n"


def _head(document: JsonObject) -> str:
    counts = plan_counts(facts.part(document, "summary"))
    return f"### Reconciler plan\n\n**{words(shown(plan_verdict(document), 300))}**\n\n{counts}.\n"


def _foot(document: JsonObject) -> str:
    bindings = [
        f"{key} {code(shown(facts.word(document, key)))}"
        for key in ("digest", "commit", "organisation")
        if facts.word(document, key)
    ]
    bill = requests_text(facts.part(document, "requests"))
    return f"\n{' · '.join([code(shown(bill)), *bindings])}\n\n{MARKER}\n"


def _row(group: Group, name: str) -> str:
    symbol = ACTION_SYMBOLS[group.action]
    exposure = EXPOSURES.get(Exposure(group.exposure)) if group.exposure in list(Exposure) else "**unknown**"
    fields = str(len(group.changes))
    return row(
        f"`{symbol}` {group.action}", cell(shown(name)), cell(shown(group.kind)), str(exposure), fields
    )


def _webhook_row(webhook: JsonObject) -> str:
    action = facts.word(webhook, "action")
    name, address = facts.word(webhook, "name"), facts.word(webhook, "address")
    return row(f"`{ACTION_SYMBOLS[action]}` {action}", cell(shown(name)), cell(shown(address, 300)))


def _block(group: Group) -> str:
    title = html_code(shown(group.names[0]))
    if len(group.names) > 1:
        title += f" and {counted(len(group.names) - 1, 'channel')} with the same change"
    lines = list(_diff(group))
    shown_lines = lines[:LINES]
    if len(lines) > LINES:
        shown_lines.append(f"# {len(lines) - LINES} more lines")
    return folded(f"{group.action} {title}", _names(group) + diff_block(shown_lines))


def _names(group: Group) -> str:
    if len(group.names) == 1:
        return ""
    first = ", ".join(code(shown(name)) for name in group.names[:NAMES])
    rest = f" and {len(group.names) - NAMES} more" if len(group.names) > NAMES else ""
    return f"{first}{rest}\n\n"


def _diff(group: Group) -> Iterator[str]:
    for view in group_views(group):
        note = f"   # {shown(view.note)}" if view.note else ""
        yield f"  {shown(field_name(view.path), 300)}{note}"
        yield from (f"+   {value}" for value in view.added)
        yield from (f"-   {value}" for value in view.removed)
