"""What differs per kind of remote resource, one file a kind; pure, and no plug-in framework."""

from __future__ import annotations

from reconciler.kinds.kind import Kind
from reconciler.kinds.web_messaging_configuration import WEB_MESSAGING_CONFIGURATION
from reconciler.kinds.web_messaging_deployment import WEB_MESSAGING_DEPLOYMENT
from reconciler.kinds.webchat import WEBCHAT

KINDS: tuple[Kind, ...] = (WEBCHAT, WEB_MESSAGING_CONFIGURATION, WEB_MESSAGING_DEPLOYMENT)
"""Every kind, in the order in which their channels are written."""


def kind_named(name: str) -> Kind:
    """Give the kind that a channel file names; ValueError where there is none."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in KINDS)
    raise ValueError(f"there is no kind {name[:80]!a}; the kinds are {known}")
