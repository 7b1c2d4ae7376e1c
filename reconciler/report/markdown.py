"""Plans and runs as Markdown, for a pull request and for the record; inert, whatever the values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.drift_markdown import drift_pieces
from reconciler.report.escape import code, shown
from reconciler.report.markdown_page import LIMIT, Piece, fit, text_piece
from reconciler.report.plan_markdown import plan_markdown
from reconciler.report.run_markdown import run_pieces


def document_markdown(document: JsonObject, *, limit: int = LIMIT) -> str:
    """Write the document of a plan, a run or a look for drift, of at most this many bytes; 12,000 are needed."""
    if facts.word(document, "command") == "plan":
        return plan_markdown(document, limit=limit)
    pieces = RENDERERS.get(facts.word(document, "command"), _unknown_pieces)
    return fit(pieces(document), limit)


def _unknown_pieces(document: JsonObject) -> Sequence[Piece]:
    command = code(shown(facts.word(document, "command", "no command")))
    return [text_piece(f"A document of {command} cannot be shown as Markdown; its JSON says all.\n")]


RENDERERS: Mapping[str, Callable[[JsonObject], Sequence[Piece]]] = {
    "apply": run_pieces,
    "drift": drift_pieces,
}
