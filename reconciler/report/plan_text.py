"""A plan as terminal text: the verdict, what would change, the bill, and the next command to type."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Action, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import (
    FieldView,
    Group,
    group_views,
    groups,
    notes,
    of_action,
    webhooks_to_write,
)
from reconciler.report.counts import counted, listed
from reconciler.report.terminal import Colour, Line, Paint, wrapped
from reconciler.report.waivers import waiver_lines
from reconciler.report.wording import (
    ACTION_SYMBOLS,
    approval_sentence,
    field_name,
    held_sentence,
    is_about_something,
    offline_sentence,
    plan_counts,
    plan_verdict,
    requests_text,
)

APPLY = "reconciler apply"
NAMES = 40
"""Names that are listed before the rest is counted."""
ENTRIES = 200
"""Entries of one field that are shown before the rest is counted."""
ACTION_COLOURS = {Action.CREATE: Colour.GREEN, Action.UPDATE: Colour.YELLOW, Action.DELETE: Colour.RED}
EXPOSURE_COLOURS = {
    Exposure.WIDENS: Colour.RED,
    Exposure.UNKNOWN: Colour.RED,
    Exposure.NARROWS: Colour.YELLOW,
    Exposure.NEUTRAL: Colour.DIM,
}


def plan_lines(document: JsonObject, width: int, then: str | None = APPLY) -> Iterator[Line]:
    """Write a plan; `then` is the command that carries it out, None where that is asked next."""
    changed, webhooks = groups(document), webhooks_to_write(document)
    yield from wrapped(plan_verdict(document), width, colour=_verdict_colour(document))
    if sentence := offline_sentence(document):
        yield from wrapped(f"! {sentence}", width, colour=Colour.YELLOW)
    yield from approval_lines(document, width)
    if sentence := held_sentence(document):
        yield from wrapped(f"! {sentence}", width, colour=Colour.YELLOW)
    yield from waiver_lines(document, width)
    yield ()
    for group in changed:
        yield from _group_lines(group, width)
        yield ()
    for webhook in webhooks:
        yield from _webhook_lines(webhook)
        yield ()
    for name, note in notes(document):
        yield from wrapped(f"! {name}: {note}", width, colour=Colour.RED)
        yield ()
    yield from _unmanaged_lines(document, width)
    yield from wrapped(f"Plan: {plan_counts(facts.part(document, 'summary'))}.", width, colour=Colour.BOLD)
    yield (f"Cost: {requests_text(facts.part(document, 'requests'))}.",)
    yield ()
    if not is_about_something(document):
        yield from wrapped("There is no channel file, so nothing was looked at.", width)
    elif not changed and not webhooks:
        known = "What was last applied" if document.get("offline") is True else "Live"
        yield from wrapped(f"{known} is as Git wants it: there is nothing to apply.", width)
    elif then:
        yield "Next: ", Paint(then, Colour.BOLD)


def approval_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Say that somebody must approve of the plan; nothing where nobody must, or somebody did."""
    if sentence := approval_sentence(document):
        yield from wrapped(f"! {sentence}", width, colour=Colour.YELLOW)


def _verdict_colour(document: JsonObject) -> Colour:
    exposure = facts.word(document, "exposure", Exposure.UNKNOWN)
    if exposure == Exposure.NEUTRAL:
        return Colour.BOLD
    return EXPOSURE_COLOURS.get(Exposure(exposure), Colour.RED) if exposure in list(Exposure) else Colour.RED


def field_lines(view: FieldView, width: int, indent: int) -> Iterator[Line]:
    """Write one changed field: on one line where it fits, else an entry a line."""
    space, name = " " * indent, field_name(view.path)
    note = _exposure(view.note, "  ") if view.note else ""
    origin = Paint(f"  from {view.origin}", Colour.DIM) if view.origin else ""
    short = _in_short(view)
    rest = len(view.note) + (len(view.origin) + 7 if view.origin else 0)
    if short and indent + len(name) + len(short) + rest + 4 <= width:
        yield space, name, "  ", Paint(short, Colour.BOLD), note, origin
        return
    yield space, name, note, origin
    yield from _signed(space, "+", view.added, Colour.GREEN)
    yield from _signed(space, "-", view.removed, Colour.RED)


def _in_short(view: FieldView) -> str:
    """Write the change of a whole value; entries of a list read better a line each."""
    if view.in_list:
        return ""
    both = view.removed and view.added
    return (
        f"{view.removed[0]} → {view.added[0]}"
        if both
        else "".join(
            f"{sign} {value}" for sign, values in (("+", view.added), ("-", view.removed)) for value in values
        )
    )


def _signed(space: str, sign: str, values: tuple[str, ...], colour: Colour) -> Iterator[Line]:
    for value in values[:ENTRIES]:
        yield space, "  ", Paint(f"{sign} {value}", colour)
    if len(values) > ENTRIES:
        yield space, f"  {sign} … {len(values) - ENTRIES} more"


def _group_lines(group: Group, width: int) -> Iterator[Line]:
    action = Action(group.action)
    many = len(group.channels) > 1
    title = counted(len(group.channels), "channel") if many else group.names[0]
    sign = Paint(f"{ACTION_SYMBOLS[action]} {action}", ACTION_COLOURS[action])
    yield sign, " ", Paint(title, Colour.BOLD), f" ({group.kind}) · ", _exposure(group.exposure)
    if many:
        yield from wrapped(listed(group.names, NAMES), width, indent=4, colour=Colour.DIM)
    else:
        yield from wrapped(_origin(group.channels[0]), width, indent=4, colour=Colour.DIM)
    for view in group_views(group):
        yield from field_lines(view, width, indent=4)


def _origin(channel: JsonObject) -> str:
    """Say where a channel is written down, whose it is, and which version was looked at."""
    desired, revision = facts.part(channel, "desired"), facts.word(channel, "revision")
    owner = facts.word(desired, "owner")
    parts = (
        facts.word(desired, "file"),
        f"owner {owner}" if owner else "",
        f"live version {revision}" if revision else "",
    )
    return " · ".join(filter(None, parts)) or f"id {facts.word(channel, 'id')}"


def _exposure(exposure: str, before: str = "") -> Paint:
    known = exposure if exposure in EXPOSURE_COLOURS else Exposure.UNKNOWN
    return Paint(f"{before}{known}", EXPOSURE_COLOURS[Exposure(known)])


def _webhook_lines(webhook: JsonObject) -> Iterator[Line]:
    action = Action(facts.word(webhook, "action"))
    sign = Paint(f"{ACTION_SYMBOLS[action]} {action}", ACTION_COLOURS[action])
    yield sign, " webhook ", Paint(facts.word(webhook, "name"), Colour.BOLD)
    yield "    ", facts.word(webhook, "address")


def _unmanaged_lines(document: JsonObject, width: int) -> Iterator[Line]:
    unmanaged = [
        f"{facts.word(channel, 'name')} ({facts.word(channel, 'id')})"
        for channel in of_action(document, Action.UNMANAGED)
    ]
    if unmanaged:
        title = f"? {counted(len(unmanaged), 'unmanaged channel')}: live, in no file, left alone"
        yield from wrapped(title, width)
        for name in unmanaged[:NAMES]:
            yield "    ", Paint(name, Colour.DIM)
        if len(unmanaged) > NAMES:
            yield (f"    and {len(unmanaged) - NAMES} more",)
        yield ()
