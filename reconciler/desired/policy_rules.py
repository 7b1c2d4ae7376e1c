"""The rules of security policy over files that keep the format: what somebody should decide knowingly.

What is off is not looked at. Severities, lists and limits come from `[rules]`; see `policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from reconciler.desired.catalogue import RULES, rule_named
from reconciler.desired.document import Document
from reconciler.desired.messaging import DEPLOYMENT, DOMAINS
from reconciler.desired.policy import Policy
from reconciler.desired.policy_messaging import configuration_flaws
from reconciler.desired.sites import Sites
from reconciler.desired.source import Problem
from reconciler.desired.suffix import Suffixes
from reconciler.desired.values import ID, TITLE, Flaw, text_at, value_at
from reconciler.desired.words import bare, shown
from reconciler.model import Json, JsonObject, Pointer, Severity

URL: Pointer = ("spec", "webchatSettings", "webchatUrl")
ORIGINS: Pointer = ("spec", "webchatSettings", "corsAllowedOrigins")
PROVIDER: Pointer = ("spec", "webchatSettings", "authProviderId")
WEBHOOK: Pointer = ("monitoring", "healthWebhook")
EVERYBODY: Pointer = ("spec", "allowAllDomains")
OWNER: Pointer = ("metadata", "owner")
SCHEME = "https://"
OF_URLS = ("public-suffix", "shared-hosting", "homograph")
MODELINE = "yaml-language-server:"


class PolicyBook(NamedTuple):
    """The rules of policy ready for use."""

    policy: Policy
    weights: Mapping[str, Severity]
    """The severity of every rule of policy that is on."""
    sites: Sites


def make_policy_book(policy: Policy, suffixes: Suffixes, allowed_hosts: Collection[str]) -> PolicyBook:
    """Make the rules of policy of one organisation."""
    weights = {rule.id: weight for rule in RULES if rule.is_policy and (weight := policy.severity(rule))}
    hosts = {entry.partition(":")[0] for entry in allowed_hosts}
    return PolicyBook(policy, weights, Sites(policy, suffixes, hosts))


def policy_problems(
    value: JsonObject, book: PolicyBook, judged: Collection[Pointer], text: str = ""
) -> Iterator[Problem]:
    """Judge one file; what stands at a pointer of `judged` breaks a rule of the format already."""
    for flaw in _flaws(value, book, judged, text):
        weight = book.weights.get(flaw.rule)
        if weight is not None and flaw.pointer not in judged:
            # What is missing is told at the mapping that lacks it, which may be missing too.
            is_there = not flaw.at_key or value_at(value, flaw.pointer) is not None
            yield _problem(flaw if is_there else flaw._replace(pointer=()), weight)


def shared_problems(documents: Sequence[Document], book: PolicyBook) -> Iterator[tuple[Document, Problem]]:
    """Find what two files claim, each of which may be right alone."""
    for rule, claims in CLAIMS.items():
        weight = book.weights.get(rule)
        if weight is not None:
            for document, flaw in _claimed(documents, rule, claims):
                yield document, _problem(flaw, weight)


def _problem(flaw: Flaw, weight: Severity) -> Problem:
    return Problem(flaw.rule, flaw.pointer, flaw.message, rule_named(flaw.rule).fix, flaw.at_key, weight)


def _flaws(value: JsonObject, book: PolicyBook, judged: Collection[Pointer], text: str) -> Iterator[Flaw]:
    # An endpoint is foreign to nobody: where no domains are listed, it says whose the channel is.
    own = book.sites.own(None if URL in judged else _host(text_at(value, URL) or ""))
    yield from _webchat_flaws(value, book, judged, own)
    yield from _url_flaws(value, book, judged, own)
    if value.get("kind") == DEPLOYMENT:
        yield from _deployment_flaws(value, book, judged)
    else:
        yield from configuration_flaws(value, book.policy)
    yield from _hygiene_flaws(value, book.policy, text)


def _webchat_flaws(
    value: JsonObject, book: PolicyBook, judged: Collection[Pointer], own: tuple[str, ...]
) -> Iterator[Flaw]:
    origins = _texts_at(value, ORIGINS)
    hosts = [
        (index, host)
        for index, origin in origins
        if not (judged and (*ORIGINS, index) in judged) and (host := _host(origin))
    ]
    is_live = value_at(value, ("spec", "enabled")) is True
    yield from _site_flaws("origin", ORIGINS, hosts, own, book, is_live=is_live)
    texts = dict(origins)
    for index, host in hosts:
        if len(texts[index]) != len(SCHEME) + len(host):
            yield Flaw("origin-nonstandard-port", (*ORIGINS, index), f"{shown(texts[index])} names a port")
    yield from _list_flaws("origin-count", ORIGINS, origins, book.policy.bounds.origins)
    provider, allowed = text_at(value, PROVIDER), book.policy.auth_providers
    if provider is not None and allowed and provider not in allowed:
        message = f"{shown(provider)} is none of the allowed providers ({bare(', '.join(allowed[:5]))})"
        yield Flaw("auth-provider-allowed", PROVIDER, message)


def _deployment_flaws(value: JsonObject, book: PolicyBook, judged: Collection[Pointer]) -> Iterator[Flaw]:
    domains = _texts_at(value, DOMAINS)
    is_live = value_at(value, ("spec", "status")) == "Active"
    hosts = [(index, domain) for index, domain in domains if domain and (*DOMAINS, index) not in judged]
    yield from _site_flaws("domain", DOMAINS, hosts, book.policy.own_domains, book, is_live=is_live)
    yield from _list_flaws("domain-count", DOMAINS, domains, book.policy.bounds.domains)
    if value_at(value, EVERYBODY) is True:
        yield Flaw("domain-everybody", EVERYBODY, "every website in the world may open this deployment")


def _site_flaws(
    family: str,
    pointer: Pointer,
    hosts: Iterable[tuple[int, str]],
    own: tuple[str, ...],
    book: PolicyBook,
    *,
    is_live: bool,
) -> Iterator[Flaw]:
    """Judge the hosts of a list; each comes with its place in it."""
    for index, host in hosts:
        for flaw in book.sites.flaws(host, own):
            if is_live or flaw.about != "staging":
                yield Flaw(f"{family}-{flaw.about}", (*pointer, index), f"{bare(host)} {flaw.message}")


def _list_flaws(rule: str, pointer: Pointer, entries: Sequence[tuple[int, str]], most: int) -> Iterator[Flaw]:
    if len(entries) > most:
        yield Flaw(rule, pointer, f"there are {len(entries)} entries, and {most} are allowed")
    texts = [text for _, text in entries]
    for (_, before), (index, after) in pairwise(entries) if texts != sorted(texts) else ():
        if after < before:
            yield Flaw("set-order", (*pointer, index), f"{shown(after)} belongs before {shown(before)}")
            return


def _url_flaws(
    value: JsonObject, book: PolicyBook, judged: Collection[Pointer], own: tuple[str, ...]
) -> Iterator[Flaw]:
    for pointer, ours in ((URL, own), (WEBHOOK, book.policy.own_domains)):
        host = None if pointer in judged else _host(text_at(value, pointer) or "")
        for flaw in book.sites.flaws(host, ours) if host else ():
            if flaw.about in OF_URLS:
                yield Flaw(f"url-{flaw.about}", pointer, f"{host} {flaw.message}")
            elif flaw.about in ("foreign", "lookalike") and pointer == WEBHOOK:
                yield Flaw("webhook-foreign", pointer, f"{host} {flaw.message}")


def _hygiene_flaws(value: JsonObject, policy: Policy, text: str) -> Iterator[Flaw]:
    owner = text_at(value, OWNER)
    if owner is None:
        yield Flaw("owner-missing", ("metadata",), "no team answers for the channel", at_key=True)
    elif policy.owners and owner not in policy.owners:
        yield Flaw(
            "owner-known",
            OWNER,
            f"{shown(owner)} is none of the teams ({bare(', '.join(policy.owners[:5]))})",
        )
    if not (text_at(value, ("spec", "description")) or "").strip():
        yield Flaw("description-missing", ("spec",), "nothing says what the channel is for", at_key=True)
    if text and MODELINE not in text.partition("apiVersion")[0]:
        yield Flaw("modeline-missing", (), "no modeline names the schema for editors")


def _titles(value: JsonObject) -> Iterator[tuple[str, Pointer]]:
    title = text_at(value, TITLE)
    # Without an id the name alone tells objects apart, which is a rule of the format.
    if title is not None and text_at(value, ID) is not None:
        yield f"{value.get('kind')}\0{title}", TITLE


def _live_urls(value: JsonObject) -> Iterator[tuple[str, Pointer]]:
    url = text_at(value, URL)
    if url is not None and value_at(value, ("spec", "enabled")) is True:
        yield url.rstrip("/"), URL


def _live_origins(value: JsonObject) -> Iterator[tuple[str, Pointer]]:
    if value_at(value, ("spec", "enabled")) is True:
        for index, origin in _texts_at(value, ORIGINS):
            yield origin, (*ORIGINS, index)


Claims = Callable[[JsonObject], Iterable[tuple[str, Pointer]]]
CLAIMS: Mapping[str, Claims] = {
    "title-unique": _titles,
    "url-claimed-twice": _live_urls,
    "origin-claimed-twice": _live_origins,
}
"""By rule: what a file claims for itself alone, and where."""


def _claimed(documents: Sequence[Document], rule: str, claims: Claims) -> Iterator[tuple[Document, Flaw]]:
    first: dict[str, Document] = {}
    told: set[tuple[str, str]] = set()
    for document in documents:
        for claim, pointer in claims(document.value):
            holder = first.setdefault(claim, document)
            if holder is document or (claim, document.file) in told:
                continue
            told.add((claim, document.file))
            yield (
                document,
                Flaw(rule, pointer, f"{shown(claim.rpartition(chr(0))[2])} is in {bare(holder.file)} too"),
            )


def _host(address: str) -> str | None:
    """Give the host of an origin or URL that keeps the grammar."""
    if not address.startswith(SCHEME):
        return None
    authority = address[len(SCHEME) :]
    if ":" not in authority and "/" not in authority:
        return authority
    authority = authority.partition("/")[0]
    return authority if authority.startswith("[") else authority.partition(":")[0]


def _texts_at(value: JsonObject, pointer: Pointer) -> list[tuple[int, str]]:
    entries: Json = value_at(value, pointer)
    if not isinstance(entries, list):
        return []
    return [(index, entry) for index, entry in enumerate(entries) if isinstance(entry, str)]
