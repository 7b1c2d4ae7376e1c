"""`reconciler report log` and `report continuity`: what happened to a channel, and what our writes do not explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.cli.output import show

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger


def log(ledger: Ledger, word: str, form: str, options: dict[str, Any]) -> int:
    """Show the history of `CHANNEL`, or of `CHANNEL#FIELD`; the field is a pointer into spec, or has dots."""
    from reconciler.acts.history import Past, read_history
    from reconciler.cli.organisation import chosen
    from reconciler.cli.session import open_desk, require_names, require_valid
    from reconciler.report.channel_log import log_document

    name, _, field = word.partition("#")
    pointer = f"/{field.strip('/').replace('.', '/')}" if field else None
    desk = open_desk(options["repo"], channels=options["channels"])
    channels = require_valid(desk)
    channel = next((one for one in channels if one.name == name), None)
    fleet = chosen(desk.settings.repo)
    records = [
        record.document
        for record in ledger.walk()
        # Organisations of a fleet may have channels of one name.
        if fleet is None or record.document.get("organisation") == fleet.name
    ]
    events = read_history(Past(desk.settings.repo, desk.settings.channels, name, channel), records, pointer)
    if not events:
        require_names(channels, (name,), "report log")
    show(log_document(name, pointer, events), form if form == "json" else "text")
    return 0


def continuity(ledger: Ledger, form: str) -> int:
    """Show where live versions moved more than our writes explain."""
    from reconciler.decide.history import gaps
    from reconciler.report.channel_log import continuity_document

    records = [record.document for record in ledger.walk() if record.document.get("command") == "apply"]
    show(continuity_document(gaps(records), len(records)), form if form == "json" else "text")
    return 0
