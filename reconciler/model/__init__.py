"""The nouns of the house: frozen values and enumerations, with no behaviour beyond small questions.

This floor imports nothing of ours. Intent is a bare verb (`Action.CREATE`), fact a past participle
(`Result.APPLIED`). Seconds are floats, times are aware and in UTC.

They are made when the first of their kind is asked for: making all of them takes longer than a file to validate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler.model.json import Json as Json
from reconciler.model.json import JsonObject as JsonObject
from reconciler.model.json import Pointer as Pointer
from reconciler.model.json import pointer_text as pointer_text

if TYPE_CHECKING:
    from reconciler.model.drifted import *  # noqa: F403 - the names below
    from reconciler.model.ended import *  # noqa: F403 - the names below
    from reconciler.model.planned import *  # noqa: F403 - the names below
    from reconciler.model.probed import *  # noqa: F403 - the names below
    from reconciler.model.told import *  # noqa: F403 - the names below
    from reconciler.model.wanted import *  # noqa: F403 - the names below

_KINDS = {
    "wanted": ("Channel", "Finding", "Origin", "Severity", "Waived", "Waiver", "WaiverState"),
    "planned": (
        "Action",
        "Binding",
        "Change",
        "Exposure",
        "FieldChange",
        "LiveChannel",
        "LiveWebhook",
        "Plan",
        "PlanState",
        "Revision",
        "WebhookChange",
    ),
    "drifted": (
        "ActorClass",
        "Applied",
        "Attribution",
        "AuditChange",
        "AuditEntry",
        "AuditTrail",
        "Certainty",
        "ChannelDrift",
        "DriftState",
        "FieldDrift",
    ),
    "probed": ("Certificate", "Guest", "Probe", "Served", "Stage", "Target", "Verdict"),
    "ended": (
        "FieldClash",
        "Guard",
        "Outcome",
        "Result",
        "Rollback",
        "Run",
        "Side",
        "Taken",
        "WebhookOutcome",
    ),
    "told": ("Delivery", "Receiver", "Template"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}

if not TYPE_CHECKING:  # to mypy there are these names, and no other

    def __getattr__(name: str) -> Any:
        """Make the nouns of a kind when the first of them is asked for."""
        if name not in _KIND_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_KIND_OF[name]}"), name)
