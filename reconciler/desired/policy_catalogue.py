"""The rules of security policy: what is no mistake in the file, but a decision that somebody should make knowingly.

An organisation sets the severity of each in `reconciler.toml`, and grants waivers. Part of the one table in
`catalogue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from reconciler.desired.rule import Rule
from reconciler.model import Severity

_policy = partial(Rule, is_policy=True)
_optional = partial(Rule, is_policy=True, is_optional=True)

_SITES = (
    _policy(
        "public-suffix",
        "{An} names a site of somebody, not a suffix under which everybody registers.",
        "Nobody owns co.uk or github.io, so nobody answers for what is served there (publicsuffix.org).",
        "co.uk",
        "shop.example.co.uk",
        "name the site itself",
        risk=7.0,
    ),
    _policy(
        "shared-hosting",
        "{An} does not lie below the domain of a hosting provider that gives names to everybody.",
        (
            "When a site below github.io, azurewebsites.net or s3.amazonaws.com is given up, the next customer can"
            " take its name, and with it your chat (subdomain takeover; private section of publicsuffix.org)."
        ),
        "shop.github.io",
        "shop.example.com",
        (
            "serve the site under a domain of your own; if the name is surely yours, list the host in"
            " shared_hosts under [rules]"
        ),
        Severity.WARNING,
        risk=6.5,
    ),
    _policy(
        "homograph",
        "No part of {an}'s host mixes scripts, or reads as Latin letters that it is not.",
        (
            "A Cyrillic \u0430 looks like a Latin a: people approve the site that they think they see (Unicode TR 39,"
            " sections 4 and 5)."
        ),
        "xn--pple-43d.com",
        "xn--bcher-kva.example.com",
        "check who owns the domain; if it is right, grant a waiver",
        Severity.WARNING,
        risk=8.0,
    ),
    _policy(
        "lookalike",
        "{An} does not look like a domain of the organisation without being one.",
        (
            "examp1e.com, example-support.com and example.com.evil.net are how phishing sites are named; one"
            " letter is overlooked in review (ATT&CK T1583.001)."
        ),
        "shop.examp1e.com",
        "shop.example.com",
        (
            "correct the name; if the domain is yours too, list it in own_domains under [rules]; if it is a"
            " partner's, grant a waiver"
        ),
        Severity.WARNING,
        risk=8.0,
    ),
    _policy(
        "foreign",
        "{An} lies in a domain of the organisation, where own_domains under [rules] lists them.",
        "A site of somebody else can show your chat, and with it ask your customers for anything.",
        "partner.example.org",
        "shop.example.com",
        "list the domain in own_domains under [rules], or grant the partner a waiver with an end",
        Severity.WARNING,
        risk=5.0,
    ),
    _optional(
        "staging",
        "{An} of what is switched on is not named like a test system.",
        (
            "Test systems run unfinished code with weak passwords; whoever takes one over stands in the chat of"
            " your customers (OWASP ASVS 14.3)."
        ),
        "staging.shop.example.com",
        "shop.example.com",
        "give test systems a channel of their own",
        Severity.WARNING,
        risk=5.0,
    ),
)
"""Said once, of origins and of allowed domains."""


def _of_origins(row: Rule) -> Rule:
    what = row.what.format(An="An origin", an="an origin")
    good, bad = (f"corsAllowedOrigins: [https://{host}]" for host in (row.good, row.bad))
    return row._replace(id=f"origin-{row.id}", what=what, good=good, bad=bad)


def _of_domains(row: Rule) -> Rule:
    what = row.what.format(An="An allowed domain", an="an allowed domain")
    good, bad = (f"allowedDomains: [{host}]" for host in (row.good, row.bad))
    return row._replace(id=f"domain-{row.id}", what=what, good=good, bad=bad)


_ORIGINS = (
    *map(_of_origins, _SITES),
    *map(_of_domains, _SITES),
    _policy(
        "origin-count",
        "A channel allows at most 50 origins (limits.origins under [rules]).",
        "A list that nobody can read through is a list that nobody reviews.",
        "",
        "",
        "remove what is no longer used, or split the channel",
        Severity.WARNING,
        risk=4.0,
    ),
    _policy(
        "domain-count",
        "A deployment allows at most 50 domains (limits.domains under [rules]).",
        "A list that nobody can read through is a list that nobody reviews.",
        "",
        "",
        "remove what is no longer used, or split the deployment",
        Severity.WARNING,
        risk=4.0,
    ),
    _policy(
        "domain-everybody",
        "A deployment lists the sites that may open it.",
        (
            "With allowAllDomains any website in the world can show the messenger as its own, and ask your"
            " customers for anything."
        ),
        "allowAllDomains: true",
        "allowAllDomains: false\n  allowedDomains: [shop.example.com]",
        "write allowAllDomains: false and list the domains",
        Severity.WARNING,
        risk=8.0,
    ),
    _optional(
        "origin-nonstandard-port",
        "An origin names no port.",
        "A port of its own is mostly a developer's machine or a forgotten second server.",
        "corsAllowedOrigins: [https://shop.example.com:8443]",
        "corsAllowedOrigins: [https://shop.example.com]",
        "serve the site on port 443, or grant a waiver",
        Severity.NOTICE,
        risk=3.0,
    ),
    _optional(
        "origin-claimed-twice",
        "No origin is allowed by two enabled channels.",
        "Which of the two chats opens on that site is decided by a script that nobody here reviews.",
        "corsAllowedOrigins: [https://shop.example.com]",
        "corsAllowedOrigins: [https://store.example.com]",
        "take the origin out of one of the channels",
        Severity.NOTICE,
        risk=3.0,
    ),
    _optional(
        "set-order",
        "Lists of origins and domains, which mean sets, stand in order.",
        "In an ordered list a reviewer sees what was added, and nothing that only moved.",
        "corsAllowedOrigins: [https://b.example.com, https://a.example.com]",
        "corsAllowedOrigins: [https://a.example.com, https://b.example.com]",
        "reconciler validate --fix sorts it",
        Severity.WARNING,
    ),
)

_ENDPOINTS = (
    _policy(
        "url-public-suffix",
        "An endpoint or webhook stands at a host of somebody, not at a suffix under which everybody registers.",
        "Nobody owns co.uk or github.io, so nobody answers for what is served there (publicsuffix.org).",
        "webchatUrl: https://github.io",
        "webchatUrl: https://webchat.example.com",
        "name the host itself",
        risk=7.0,
    ),
    _policy(
        "url-shared-hosting",
        "An endpoint or webhook does not stand below the domain of a hosting provider that gives names to everybody.",
        (
            "When the name is given up, the next customer of the provider takes it, and receives your conversations"
            " (subdomain takeover; private section of publicsuffix.org)."
        ),
        "webchatUrl: https://shop-chat.azurewebsites.net",
        "webchatUrl: https://webchat.example.com",
        "use a domain of your own; if the name is surely yours, list the host in shared_hosts under [rules]",
        Severity.WARNING,
        risk=6.5,
    ),
    _policy(
        "url-homograph",
        "No part of an endpoint's host mixes scripts, or reads as Latin letters that it is not.",
        "People approve the host that they think they see (Unicode TR 39, sections 4 and 5).",
        "webchatUrl: https://xn--pple-43d.com",
        "webchatUrl: https://webchat.example.com",
        "check who owns the domain; if it is right, grant a waiver",
        Severity.WARNING,
        risk=8.0,
    ),
    _optional(
        "url-claimed-twice",
        "No two enabled channels have one endpoint.",
        "The endpoint allows the origins of both, so that a site removed from one channel is still let in.",
        "webchatUrl: https://webchat.example.com",
        "webchatUrl: https://webchat-north.example.com",
        "give each channel an endpoint of its own",
        Severity.WARNING,
        risk=5.0,
    ),
    _optional(
        "webhook-foreign",
        "A health webhook stands in a domain of the organisation, where own_domains under [rules] lists them.",
        "A webhook tells its receiver about conversations of customers.",
        "healthWebhook: https://hooks.example.org/webchat",
        "healthWebhook: https://monitor.example.com/hooks/webchat",
        "receive the events under a domain of your own, and forward what others need",
        Severity.WARNING,
        risk=5.5,
    ),
    _policy(
        "endpoint-tls",
        "The endpoint speaks TLS 1.2 or newer; tls_floor under [rules] can ask for 1.3.",
        (
            "TLS 1.0 and 1.1 are broken and withdrawn (RFC 8996). It is measured by verify and apply, not read in the"
            " file, and an endpoint below the floor fails its check."
        ),
        "",
        "",
        "raise the lowest TLS version on the load balancer",
        risk=6.5,
    ),
)

_AUTHENTICATION = (
    _policy(
        "auth-provider-allowed",
        "Visitors are signed in by a provider of the list auth_providers under [rules], where there is one.",
        (
            "A provider that somebody set up for a test signs in whoever asks; the list is what the security team"
            " has looked at."
        ),
        "authProviderId: test-provider",
        "authProviderId: oauth2-provider-12345",
        "use a provider of the list, or have this one added to it",
        risk=7.5,
    ),
)

_IDENTITY = (
    _optional(
        "title-unique",
        "spec.name is there once among the files of a kind.",
        "In the console people tell channels apart by this name alone, and switch off the wrong one.",
        "name: Shop Chat",
        "name: Shop Chat North",
        "rename one of the two",
        Severity.NOTICE,
    ),
)

_HYGIENE = (
    _optional(
        "owner-missing",
        "metadata.owner names the team that answers for the channel.",
        "At night, an alert for a channel without an owner reaches nobody.",
        "metadata:\n  name: shop-chat",
        "metadata:\n  name: shop-chat\n  owner: storefront",
        "add metadata.owner",
        Severity.WARNING,
    ),
    _optional(
        "owner-known",
        "metadata.owner is one of the list owners under [rules], where there is one.",
        "A team that was renamed or dissolved answers for nothing.",
        "owner: store-front",
        "owner: storefront",
        "write a team of the list, or have this one added to it",
        Severity.WARNING,
    ),
    _optional(
        "description-missing",
        "spec.description says what the channel is for.",
        "Whoever finds the channel in the console must know whether it may be switched off.",
        'description: ""',
        "description: Chat of the shop",
        "say in a sentence what the channel is for",
        Severity.NOTICE,
    ),
    _optional(
        "modeline-missing",
        "The file begins with a modeline that names its schema.",
        "With it editors complete, describe and check the file while it is written.",
        "apiVersion: reconciler/v1",
        "# yaml-language-server: $schema=../schemas/webchat-channel.schema.json",
        "reconciler validate --fix adds it",
        Severity.NOTICE,
    ),
)

POLICY: Mapping[str, tuple[Rule, ...]] = {
    "Policy: origins and domains": _ORIGINS,
    "Policy: endpoints": _ENDPOINTS,
    "Policy: authentication": _AUTHENTICATION,
    "Policy: identity": _IDENTITY,
    "Policy: hygiene": _HYGIENE,
}
