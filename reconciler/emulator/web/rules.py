"""How web messaging behaves where the vendor's papers are silent or leave a choice.

Each rule has the most plausible behaviour as its default and every other one to be chosen: a client that is
right works under all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from reconciler.emulator.values import Check, is_seconds, is_whole

WORDS: Mapping[str, tuple[str, ...]] = {
    "pending_status": ("Pending", "InProgress"),
    "settles_to": ("done", "Error"),
    "listing": ("latest", "draft", "every"),
    "publish_pending": ("refuse", "accept"),
    "publish_unchanged": ("bump", "same", "refuse"),
    "omitted_status": ("reset", "keep", "refuse"),
    "omitted_fields": ("clear", "keep"),
    "no_domains": ("accept", "refuse"),
    "domain_case": ("keep", "lower"),
    "domain_order": ("keep", "sort"),
    "domain_grammar": ("any", "host"),
    "duplicate_names": ("accept", "refuse"),
    "delete_referenced": ("refuse", "accept"),
    "guest_of_authenticated": ("refuse", "accept"),
    "audit_query_state": ("Succeeded", "Failed", "Cancelled"),
    "audit_values": ("text", "json"),
}
AUDIT_DEEDS = (
    "configuration-create",
    "draft-save",
    "publish",
    "configuration-delete",
    "deployment-create",
    "deployment-update",
    "deployment-delete",
)


@dataclass(slots=True)
class WebRules:
    """The rules; each may be set while the remote runs, and holds from the next request on."""

    status_seconds: float = 0
    """How long something just written is pending, and something just deleted is Deleting."""
    status_reads: int = 0
    """How many reads, besides, still see it so. The answer to the write itself is always pending."""
    pending_status: str = "Pending"
    settles_to: str = "done"
    """`done`: Active, or what a deployment asks for; `Error`: the backend failed."""
    transition_moves_date: bool = False
    """Whether `dateModified` moves when the status settles."""

    create_status: int = 200
    publish_status: int = 200
    delete_status: int = 204
    refused_delete_status: int = 409

    listing: str = "latest"
    """What stands for a configuration in the list: its `latest` version (the draft where there is none),
    its `draft`, or `every` one of them; with `showOnlyPublished` no draft."""
    draft_in_versions: bool = False
    """Whether the list of versions has the draft in it."""
    publish_pending: str = "refuse"
    """Publishing a draft whose status has not settled: 400, as Terraform's provider meets it, or done."""
    publish_unchanged: str = "bump"
    """Publishing what is published already: a new version, the `same` one again, or 400."""

    omitted_status: str = "reset"
    """PUT of a deployment without `status`: Active, as it was, or 400."""
    omitted_fields: str = "clear"
    """PUT of a deployment without an optional field: gone (`supportedContent`: the default), or as it was."""
    allow_all_default: bool = False
    """`allowAllDomains` where a new deployment does not say."""
    no_domains: str = "accept"
    """A deployment that allows neither all domains nor any."""
    domain_case: str = "keep"
    domain_order: str = "keep"
    domain_grammar: str = "any"
    """Which `allowedDomains` are taken: `any` text, or bare host names only."""
    duplicate_names: str = "accept"
    delete_referenced: str = "refuse"
    """Deleting a configuration that a deployment pins."""
    features_off: list[str] = field(default_factory=list)
    """Fields of a body (dotted names) whose feature this organisation lacks: 400, as it says it."""

    cdn_lag_seconds: float = 0
    """How long after it settled a deployment's config.json is still the one before."""
    cdn_lag_reads: int = 0
    """How many reads, besides, still get the one before."""

    unknown_status: int = 403
    """How the upgrade to a deployment that is not there is refused."""
    inactive_status: int = 403
    """How the upgrade to one that is not Active is refused."""
    subdomains: bool = True
    """Whether an allowed domain includes those below it (the vendor's blog says so)."""
    bare_origin: bool = True
    """Whether an Origin may be a bare host, as the vendor's Java client sends it."""
    plain_origin: bool = False
    """Whether an Origin may be `http`."""
    guest_of_authenticated: str = "refuse"
    """configureSession of a guest where authentication is on: code 403, or a session."""
    auto_started: bool = False
    """What a new session says of itself: whether the server started a conversation."""
    configuration_needs_session: bool = False
    """Whether getConfiguration is refused before configureSession."""

    audit_query_reads: int = 1
    """How many reads of a query see it Queued, then Running, before its state."""
    audit_query_state: str = "Succeeded"
    audit_most_days: int | None = 30
    """The longest interval of a query; None is any."""
    audit_realtime: bool = True
    """Whether the realtime query serves this service."""
    audit_values: str = "text"
    """Old and new values: texts, as the SDK types them, or JSON values as they are."""
    audit_client_user: bool = True
    """Whether the entry of an OAuth client's write names a user too."""
    audit_words: dict[str, list[str]] = field(default_factory=dict)
    """Entity type and action of a deed (one of `AUDIT_DEEDS`), where they differ from `trail.WORDS`."""


def rule_checks(rules: WebRules) -> Iterator[Check]:
    """Check every rule; see `settings.require`."""
    defaults = WebRules()
    for name in (known.name for known in fields(WebRules)):
        yield _check(name, getattr(rules, name), getattr(defaults, name))
    if isinstance(rules.audit_words, dict):
        for deed, words in rules.audit_words.items():
            yield (
                "a deed in audit_words of web",
                deed,
                deed in AUDIT_DEEDS,
                "one of " + ", ".join(AUDIT_DEEDS),
            )
            pair = (
                isinstance(words, list) and len(words) == 2 and all(isinstance(word, str) for word in words)
            )
            yield f"audit_words of {deed}", words, pair, "a list of an entity type and an action"


def _check(name: str, value: Any, default: Any) -> Check:
    what = f"{name} of web"
    if name in WORDS:
        return what, value, value in WORDS[name], "one of " + ", ".join(WORDS[name])
    if name == "audit_most_days":
        return what, value, value is None or is_whole(value, 1), "a whole number from 1, or null for any"
    if name == "features_off":
        return what, value, isinstance(value, list), "a list of dotted names"
    if name == "audit_words":
        return what, value, isinstance(value, dict), "an object with a pair of words for each deed"
    if isinstance(default, bool):
        return what, value, isinstance(value, bool), "true or false"
    if name.endswith("_seconds"):
        return what, value, is_seconds(value, 3600), "a number of seconds from 0 to 3600"
    if name.endswith("_reads"):
        return what, value, is_whole(value, 0), "a whole number from 0"
    return what, value, is_whole(value, 200, 599), "200 to 599"
