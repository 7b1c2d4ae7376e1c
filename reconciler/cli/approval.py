"""What the organisation asks for before a plan may widen, and how its waivers stand, for `plan` and `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.decide.approval import Approval, approval_document
from reconciler.desired.waivers import covering
from reconciler.report.waivers import waiver_rows

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded
    from reconciler.model import Json, JsonObject, Plan, Waiver

RULE = "widening-approved"


def make_approval(loaded: Loaded, *, given: bool = False) -> Approval:
    """Make the question whether a plan is approved, from `[rules] approve_widening` and the waivers."""
    settings = loaded.rulebook.settings

    def covers(name: str, pointer: str, value: Json) -> Waiver | None:
        return covering(settings.waivers, RULE, name, pointer, value, settings.today)

    required = settings.policy.approve_widening and RULE in loaded.rulebook.policy.weights
    return Approval(required=required, given=given, covers=covers)


def with_approval(document: JsonObject, plan: Plan, loaded: Loaded, *, given: bool = False) -> JsonObject:
    """Add to the document of a plan who must approve of it, and how the waivers stand."""
    return {
        **document,
        "approval": approval_document(plan, make_approval(loaded, given=given)),
        "waivers": waiver_rows(loaded.waivers, loaded.today),
    }
