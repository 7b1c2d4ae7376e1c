"""Write the history as a folder of pages: each record is read once, shown on its own page, and let go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import progress, write_file
from reconciler.cli.rules import rule_settings
from reconciler.clock import SystemClock
from reconciler.errors import UsageError
from reconciler.report.history import History
from reconciler.report.html.site import Ending, history_pages, recorded_page

if TYPE_CHECKING:
    from reconciler.ledger.chain import Chain
    from reconciler.ledger.ledger import Ledger
    from reconciler.settings import Settings


def waiver_endings(settings: Settings) -> list[Ending]:
    """Give the waivers of the repository, with the day on which each ends."""
    rules = rule_settings(settings)
    return [
        Ending(
            day=waiver.expires.isoformat(),
            left=(waiver.expires - rules.today).days,
            what="waiver",
            name=waiver.channel,
            detail=f"{waiver.rule} at {waiver.field}, owner {waiver.owner}",
        )
        for waiver in rules.waivers
    ]


def write_site(ledger: Ledger, folder: Path, endings: Sequence[Ending], *, quiet: bool) -> tuple[int, Chain]:
    """Write every page below the folder; give how many, and whether the chain of records holds."""
    chain = ledger.verify()
    history, written = History(), 0
    with progress("pages", None, quiet=quiet) as count:
        for path, text in _pages(ledger, chain, history, endings):
            _write(folder / path, text)
            written += 1
            count()
    return written, chain


def _pages(
    ledger: Ledger, chain: Chain, history: History, endings: Sequence[Ending]
) -> Iterator[tuple[str, str]]:
    for record in ledger.walk():
        history.read(record.run, record.document)
        if page := recorded_page(record.run, record.document):
            yield page
    told = {"valid": chain.valid, "length": chain.length, "reason": chain.reason or ""}
    yield from history_pages(history, now=SystemClock().now(), chain=told, endings=endings)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from error
    write_file(path, [text])
