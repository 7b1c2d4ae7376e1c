"""Any document as a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.html.drift_page import drift_html
from reconciler.report.html.page import make_page
from reconciler.report.html.plan_page import plan_html
from reconciler.report.html.run_page import run_html


def document_html(document: JsonObject) -> str:
    """Write the document of a plan, a run or a look for drift as one page that loads nothing."""
    return RENDERERS.get(facts.word(document, "command"), _unknown_html)(document)


def _unknown_html(document: JsonObject) -> str:
    command = facts.word(document, "command", "no command")
    return make_page("unknown.html", title="Report", command=command)


RENDERERS: Mapping[str, Callable[[JsonObject], str]] = {
    "plan": plan_html,
    "apply": run_html,
    "drift": drift_html,
}
