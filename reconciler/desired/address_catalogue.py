"""The grammar of origins, URLs and allowed domains as rules. Part of the one table in `catalogue`."""

from __future__ import annotations

from reconciler.desired.rule import Rule

ADDRESS_RISK = 7.0
"""An address that is read as another one opens the chat to somebody else, or sends its events there."""

_BROWSERS = (
    "Browsers send the origin in one exact form (RFC 6454, section 6.2), and the remote compares it letter by"
    " letter"
)

# About, what an origin or URL must be, why, bad, good, way out; said once for both families.
_ADDRESSES = (
    (
        "https",
        "begins with https://",
        (
            "Over http, and any other scheme, whoever is on the way reads and changes the conversation (RFC"
            " 6797)."
        ),
        "http://shop.example.com",
        "https://shop.example.com",
        "write https://",
    ),
    (
        "case",
        "is written in lower case",
        f"{_BROWSERS}: upper case never matches.",
        "https://Shop.example.com",
        "https://shop.example.com",
        "write scheme and host in lower case",
    ),
    (
        "host",
        "names a host of letters, digits and hyphens, in at least two parts of 1 to 63",
        (
            "Names of another form do not exist in DNS (RFC 1123, section 2.1), and parsers read them"
            " differently."
        ),
        "https://shop_one.example.com",
        "https://shop-one.example.com",
        "write the host as it stands in DNS, without a dot at the end",
    ),
    (
        "port",
        "has a port from 1 to 65535 without zeros in front, or none",
        "Parsers do not agree about other ports, and browsers never send them.",
        "https://shop.example.com:08443",
        "https://shop.example.com:8443",
        "write the port as a plain number, or leave it out",
    ),
    (
        "default-port",
        "does not name port 443",
        f"{_BROWSERS}, without the port that https has anyway.",
        "https://shop.example.com:443",
        "https://shop.example.com",
        "leave out :443",
    ),
    (
        "user",
        "holds no user, password or @",
        (
            "https://bank.example@evil.example leads to evil.example, and parsers disagree about the host"
            " where a backslash or a second @ stands (URL standard, section 4.4)."
        ),
        "https://shop.example.com@example.net",
        "https://shop.example.com",
        "leave out everything up to the @",
    ),
    (
        "wildcard",
        "names one host, without a wildcard",
        (
            "A wildcard lets in every site below that name, the forgotten and the taken over too (OWASP,"
            " testing CORS)."
        ),
        '"https://*.example.com"',
        "https://shop.example.com",
        "name each host",
    ),
    (
        "ip-address",
        "names a host, not an IP address in any spelling",
        (
            "Addresses move, certificates rarely name them, and 0x7f.1 or 2130706433 is this machine to a"
            " browser (URL standard, section 3.5)."
        ),
        "https://192.0.2.10",
        "https://10.shop.example.com",
        "name the host; RECONCILER_ALLOW_HOSTS can allow an address for a test",
    ),
    (
        "special-name",
        "names a host that the public DNS can hold",
        (
            "localhost, .local, .internal, .test and their kin mean another machine in every network, or none"
            " (RFC 6761)."
        ),
        "https://shop.localhost",
        "https://localhost.example.com",
        "name a public host; RECONCILER_ALLOW_HOSTS can allow another for a test",
    ),
    (
        "punycode",
        "names an international host only if reconciler.toml allows it",
        (
            "Letters of other scripts look like Latin ones: a domain can look like yours and be somebody"
            " else's (Unicode TR 36)."
        ),
        "https://xn--80ak6aa92e.com",
        "https://xn--bcher-kva.example.com",
        "check the decoded form, then add the host to allow_punycode under [rules] in reconciler.toml",
    ),
)

_ORIGIN_PATH = Rule(
    "origin-path",
    "An origin ends after host and port: no slash, path, query or fragment.",
    f"{_BROWSERS}, without a path: one with a slash at its end never matches.",
    "corsAllowedOrigins: [https://shop.example.com/]",
    "corsAllowedOrigins: [https://shop.example.com]",
    "leave out everything after host and port",
)

_ORIGIN_DUPLICATE = Rule(
    "origin-duplicate",
    "No origin is there twice, however it is spelt.",
    "The list is a set; what is written twice is removed once and still allowed.",
    "corsAllowedOrigins: [https://shop.example.com, https://shop.example.com]",
    "corsAllowedOrigins: [https://shop.example.com, https://shop.example.net]",
    "delete one of them",
)

_URL_PATH = Rule(
    "url-path",
    "After host and port a URL has at most a plain path: letters, digits and ._~- between single slashes.",
    (
        "A query or fragment may carry a secret into git, and dots, escapes and backslashes lead parsers to"
        " different places."
    ),
    "healthWebhook: https://monitor.example.com/hooks?token=secret",
    "healthWebhook: https://monitor.example.com/hooks/webchat",
    "leave out query and fragment, and write the path plainly",
)


def _origin_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "corsAllowedOrigins: [{}]".format
    return Rule(f"origin-{about}", f"An origin {what}.", why, field(bad), field(good), fix, risk=ADDRESS_RISK)


def _url_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "webchatUrl: {}".format
    # No browser sends these URLs as an origin; what counts is that people and programs compare them.
    reason = (
        "One address has one spelling, so that two of them can be compared by eye."
        if _BROWSERS in why
        else why
    )
    return Rule(f"url-{about}", f"A URL {what}.", reason, field(bad), field(good), fix, risk=ADDRESS_RISK)


_DOMAINS = (
    (
        "scheme",
        "is a host without a scheme",
        "The remote compares it with the host of the page: with https:// in front it never matches.",
        "https://shop.example.com",
        "shop.example.com",
        "write the host alone",
    ),
    (
        "port",
        "is a host without a port",
        "The remote compares hosts: a domain holds for every port, and with one written it never matches.",
        "shop.example.com:8443",
        "shop.example.com",
        "leave out the port",
    ),
    (
        "path",
        "is a host and nothing else",
        "The remote compares hosts: with a path, a user or a query behind or before it it never matches.",
        "shop.example.com/checkout",
        "shop.example.com",
        "leave out everything but the host",
    ),
)


def _domain_rule(about: str, what: str, why: str, bad: str, good: str, fix: str) -> Rule:
    field = "allowedDomains: [{}]".format
    bare = {text: text.replace("https://", "") if about != "scheme" else text for text in (bad, good)}
    reason = (
        "The remote compares it with the host of the page, which browsers write in one form."
        if _BROWSERS in why
        else why
    )
    return Rule(
        f"domain-{about}",
        f"An allowed domain {what}.",
        reason,
        field(bare[bad]),
        field(bare[good]),
        fix,
        risk=ADDRESS_RISK,
    )


_OF_DOMAINS = ("case", "host", "wildcard", "ip-address", "special-name", "punycode")

DOMAINS = (
    *(_domain_rule(*row) for row in _DOMAINS),
    *(_domain_rule(*row) for row in _ADDRESSES if row[0] in _OF_DOMAINS),
    Rule(
        "domain-duplicate",
        "No allowed domain is there twice, however it is spelt.",
        "The list is a set; what is written twice is removed once and still allowed.",
        "allowedDomains: [shop.example.com, shop.example.com]",
        "allowedDomains: [shop.example.com, shop.example.net]",
        "delete one of them",
    ),
    Rule(
        "domain-choice",
        "allowAllDomains: true goes with an empty list of domains, false with at least one.",
        (
            "With both, a reader sees a short list while every website may open the messenger; with neither,"
            " nobody can tell whom the remote lets in."
        ),
        "allowAllDomains: true\n  allowedDomains: [shop.example.com]",
        "allowAllDomains: false\n  allowedDomains: [shop.example.com]",
        "list the domains with allowAllDomains: false, or none with true",
    ),
)

ORIGINS = (*(_origin_rule(*row) for row in _ADDRESSES), _ORIGIN_PATH, _ORIGIN_DUPLICATE)

URLS = (*(_url_rule(*row) for row in _ADDRESSES), _URL_PATH)
