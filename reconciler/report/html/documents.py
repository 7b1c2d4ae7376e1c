"""Any document as a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.html.drift_page import drift_html
from reconciler.report.html.page import page_pieces
from reconciler.report.html.plan_page import plan_html
from reconciler.report.html.run_page import run_html_pieces


def document_html(document: JsonObject) -> str:
    """Write the document of a plan, a run or a look for drift as one page that loads nothing."""
    return "".join(html_pieces(document))


def html_pieces(document: JsonObject) -> Iterable[str]:
    """Write a document as `document_html` does; a run, which may be long, piece by piece."""
    return RENDERERS.get(facts.word(document, "command"), _unknown_html)(document)


def _unknown_html(document: JsonObject) -> Iterable[str]:
    command = facts.word(document, "command", "no command")
    return page_pieces("unknown.html", title="Report", command=command)


RENDERERS: Mapping[str, Callable[[JsonObject], Iterable[str]]] = {
    "plan": lambda document: [plan_html(document)],
    "apply": run_html_pieces,
    "drift": lambda document: [drift_html(document)],
}
