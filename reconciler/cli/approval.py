"""On which terms a plan can be applied, for `plan` and `apply`: what approval it needs, what holds it, its waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.decide.approval import Approval, approval_document
from reconciler.decide.limits import held
from reconciler.desired.waivers import covering
from reconciler.report.waivers import waiver_rows

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded
    from reconciler.cli.plan import Planned
    from reconciler.model import Json, JsonObject, Waiver

RULE = "widening-approved"


def make_approval(loaded: Loaded, *, given: bool = False) -> Approval:
    """Make the question whether a plan is approved, from `[rules] approve_widening` and the waivers."""
    settings = loaded.rulebook.settings

    def covers(name: str, pointer: str, value: Json) -> Waiver | None:
        return covering(settings.waivers, RULE, name, pointer, value, settings.today)

    required = settings.policy.approve_widening and RULE in loaded.rulebook.policy.weights
    return Approval(required=required, given=given, covers=covers)


def with_terms(
    document: JsonObject, planned: Planned, *, given: bool = False, allow_changes: int | None = None
) -> JsonObject:
    """Add to the document of a plan who must approve of it, whether an apply is held, and how the waivers stand."""
    loaded, limits = planned.desk.loaded, planned.desk.settings.limits
    return {
        **document,
        "approval": approval_document(planned.plan, make_approval(loaded, given=given)),
        "held": held(
            planned.plan,
            percent=limits.change_percent,
            floor=limits.change_floor,
            allow_changes=allow_changes,
            gone=planned.gone,
        ),
        "waivers": waiver_rows(loaded.waivers, loaded.today),
    }
