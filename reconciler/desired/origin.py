"""The narrow grammar of origins and URLs, matched on the text as it stands.

URL parsers disagree about who the host is (`https://good.example\\@evil.example` leads browsers and Python
to different places), so nothing is parsed and then judged: what is not plainly `https://`, a lower-case host
name and perhaps a port is refused. No library does that: `urlsplit` accepts nine of ten addresses that browsers
refuse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from reconciler.desired.words import HIDDEN, bare, shown
from reconciler.model import Json

SCHEME = "https://"
HOST_LIMIT = 253
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
PORT = r"[1-9][0-9]{0,4}"
AFTER_HOST = r"[/?#\\;]"
URL_PATH = r"(?:/[A-Za-z0-9._~-]+)*/?"
NUMERIC_END = r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$"
"""A host that browsers read as an IPv4 address, in whatever spelling (URL standard, "ends in a number")."""
IGNORED = "[\xad\u034f\u180b-\u180d\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]"
"""What browsers leave out of a host before they look at it (Unicode TR 46, status "ignored")."""
CANONICAL_IPV4 = r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}"
SPECIAL = ("alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test")
"""Top-level names that nobody on the internet owns (RFC 6761 and its registry, RFC 9476)."""

# What is sound beyond all doubt, in one look: every host below has a flaw of none of the rules that follow. Short
# enough that no label is too long, no hyphens side by side as in xn--, and a last label of letters alone.
SOUND_LENGTH = len(SCHEME) + 63
SOUND_ORIGIN = r"https://(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,})"
# The same for a whole list, one to a line; possessive, since no shorter match of a part could make the whole match.
SOUND_ORIGINS = rf"(?:https://(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++(?!(?:{'|'.join(SPECIAL)})\n)[a-z]{{2,}}\n)+"
SOUND_URL = SOUND_ORIGIN + r"(?:/[A-Za-z0-9_~-]+)*/?"

HOST_FIX = (
    "write the host as lower-case letters, digits and hyphens in at least two parts, such as app.example.com"
)


class Refusal(NamedTuple):
    """Why an origin or URL is refused."""

    rule: str
    message: str
    fix: str


class _Flaw(NamedTuple):
    """The same, before it is known whether an origin or a URL was asked about."""

    about: str
    message: str
    fix: str


class _Allowed(NamedTuple):
    """What the operator exempts."""

    hosts: Collection[str]
    punycode: Collection[str]


def check_origin(
    text: str, allowed_hosts: Collection[str] = (), allowed_punycode: Collection[str] = ()
) -> Refusal | None:
    """Say what is wrong with an origin: `https://host` or `https://host:port`, as browsers write it."""
    if _is_sound(SOUND_ORIGIN, text):
        return None
    allowed = _Allowed(allowed_hosts, allowed_punycode)
    flaw = _address_flaw(text, allowed) or _no_path(text)
    return flaw and _refuse("origin", text, flaw, allowed)


def are_sound(origins: Sequence[Json]) -> bool:
    """Say whether a list is beyond all doubt one of origins with no flaw, each of them there once."""
    try:
        lines = "\n".join(origins) + "\n"
    except TypeError:
        return False
    return (
        re.fullmatch(SOUND_ORIGINS, lines) is not None
        and lines.count("\n") == len(origins) == len(set(origins))
        and max(map(len, origins)) <= SOUND_LENGTH
    )


def check_url(
    text: str, allowed_hosts: Collection[str] = (), allowed_punycode: Collection[str] = ()
) -> Refusal | None:
    """Say what is wrong with a URL: an origin, and a plain path after it."""
    if _is_sound(SOUND_URL, text):
        return None
    allowed = _Allowed(allowed_hosts, allowed_punycode)
    flaw = _address_flaw(text, allowed) or _plain_path(text)
    return flaw and _refuse("url", text, flaw, allowed)


def check_domain(
    text: str, allowed_hosts: Collection[str] = (), allowed_punycode: Collection[str] = ()
) -> Refusal | None:
    """Say what is wrong with an allowed domain: a bare host, as the remote compares it with that of the origin."""
    allowed = _Allowed(allowed_hosts, allowed_punycode)
    flaw = _bare_flaw(text) or _host_flaw(text, "443", allowed)
    return flaw and Refusal(
        f"domain-{flaw.about}", f"{shown(text)} {flaw.message}", _domain_fix(text, flaw, allowed)
    )


def folded_domain(text: str) -> str:
    """Give the domain that is meant, so that two spellings of one are found to be the same."""
    host = re.split(AFTER_HOST, text.strip().lower().rpartition("://")[2], maxsplit=1)[0]
    return host.removesuffix(":443").rstrip(".")


def folded(text: str) -> str:
    """Give the origin that is meant, so that two spellings of one are found to be the same."""
    before, after = "", text.lower()
    if after == text and text.isascii() and text[:1].isalpha() and text[-1:].isalpha():
        return text  # There is nothing at either end that could be taken away.
    while before != after:
        before, after = after, after.strip().rstrip("/").removesuffix(":443")
    return after


def _is_sound(pattern: str, text: str) -> bool:
    found = re.fullmatch(pattern, text) if len(text) <= SOUND_LENGTH else None
    return found is not None and found[1] not in SPECIAL


def _refuse(family: str, text: str, flaw: _Flaw, allowed: _Allowed) -> Refusal:
    fix = flaw.fix
    better = folded(text)
    is_spelling = flaw.about in ("case", "default-port", "path") or text != text.strip()
    if is_spelling and not _address_flaw(better, allowed) and not _no_path(better):
        fix = f"write {shown(better)}"
    return Refusal(f"{family}-{flaw.about}", f"{shown(text)} {flaw.message}", fix)


def _domain_fix(text: str, flaw: _Flaw, allowed: _Allowed) -> str:
    better = folded_domain(text)
    if flaw.about != "wildcard" and better != text and not _host_flaw(better, "443", allowed):
        return f"write {shown(better)}"
    return flaw.fix


def _bare_flaw(text: str) -> _Flaw | None:
    """Judge what a domain may not have besides its host."""
    if "://" in text:
        return _Flaw("scheme", "holds a scheme", "write the host alone, without https://")
    if "*" in text:
        return _Flaw("wildcard", "holds a wildcard", "name the domain; those below it are included")
    if "@" in text or re.search(AFTER_HOST, text):
        return _Flaw("path", "goes on after the host", "write the host alone, without user, path or query")
    if ":" in text and not text.startswith("["):
        return _Flaw("port", "names a port", "write the host alone; a domain holds for every port")
    return None


def _address_flaw(text: str, allowed: _Allowed) -> _Flaw | None:
    """Judge everything but the path; the first flaw is the one to repair first."""
    if not text.startswith(SCHEME):
        return _scheme_flaw(text)
    rest = text[len(SCHEME) :]
    if "@" in rest:
        return _Flaw(
            "user", "holds an @, behind which another host may hide", "leave out user, password and @"
        )
    if "*" in rest:
        return _Flaw("wildcard", "holds a wildcard", "name each host")
    authority = re.split(AFTER_HOST, rest, maxsplit=1)[0]
    host, colon, port = _split_port(authority)
    return _host_flaw(host, port or "443", allowed) or (_port_flaw(port) if colon else None)


def _scheme_flaw(text: str) -> _Flaw:
    if text.lower().startswith(SCHEME):
        return _Flaw("case", "is not written in lower case", "write https:// in lower case")
    if "*" in text and "://" not in text:
        return _Flaw("wildcard", "is a wildcard", "name each host, beginning with https://")
    return _Flaw(
        "https", "does not begin with https://", "only https:// is allowed, so that nobody reads along"
    )


def _split_port(authority: str) -> tuple[str, str, str]:
    if authority.startswith("[") and "]" in authority:
        address, _, after = authority.partition("]")
        return address + "]", after[:1], after[1:]
    return authority.partition(":")


def _port_flaw(port: str) -> _Flaw | None:
    if port == "443":
        return _Flaw("default-port", "names the port that https has anyway", "leave out :443")
    if re.fullmatch(PORT, port) and int(port) <= 65_535:
        return None
    message = f"has the port {shown(port)}" if port else "has a colon and no port"
    return _Flaw("port", message, "1 to 65535 is allowed, without zeros in front, or no port at all")


def _host_flaw(host: str, port: str, allowed: _Allowed) -> _Flaw | None:
    is_exempt = host in allowed.hosts or f"{host}:{port}" in allowed.hosts
    if _is_address(host):
        fix = "name the host; RECONCILER_ALLOW_HOSTS can allow an address that is written in its plain form"
        flaw = _Flaw("ip-address", f"names the address {bare(host)}, not a host", fix)
        return None if is_exempt and _is_canonical(host) else flaw
    if not host.isascii():
        return _foreign_flaw(host)
    if host != host.lower():
        fix = "write the host in lower case, as browsers send it"
        return _Flaw("case", f"names the host {bare(host)}", fix)
    if is_exempt:
        return _label_flaw(host) or _sound_flaw(host)
    return _label_flaw(host) or _reach_flaw(host) or _sound_flaw(host) or _punycode_flaw(host, allowed)


def _is_address(host: str) -> bool:
    return host.startswith("[") or re.search(NUMERIC_END, _as_read(host)) is not None


def _is_canonical(host: str) -> bool:
    if re.fullmatch(CANONICAL_IPV4, host):
        return True
    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        return False
    return address.ipv4_mapped is None and address.scope_id is None and host == f"[{address.compressed}]"


def _foreign_flaw(host: str) -> _Flaw:
    """Judge a host with letters outside ASCII; it is never right as it stands."""
    meant = _encoded(host) if len(host) <= HOST_LIMIT else host
    if _label_flaw(meant) or _sound_flaw(meant):
        return _Flaw("host", f"names the host {bare(host)}, which no browser can look up", HOST_FIX)
    if not _punycode_labels(meant):
        message = f"names the host {bare(host)}, which browsers read as {meant}"
        return _Flaw("host", message, f"write {meant}, if that is the right host")
    fix = f"if it is the right host and no look-alike, write it as {meant}, and allow that: {_entry(meant)}"
    return _Flaw("punycode", f"names the host {bare(host)}, which is {meant}", fix)


def _label_flaw(host: str) -> _Flaw | None:
    if not host:
        return _Flaw("host", "names no host", HOST_FIX)
    if host.endswith("."):
        return _Flaw("host", "names a host that ends with a dot", "leave out the dot at the end")
    if len(host) > HOST_LIMIT:
        return _Flaw("host", f"names a host of {len(host)} characters", f"at most {HOST_LIMIT} are allowed")
    for label in host.split("."):
        if not label:
            return _Flaw("host", "names a host with an empty part", HOST_FIX)
        if not re.fullmatch(LABEL, label):
            return _Flaw("host", f"names a host with the part {shown(label)}", HOST_FIX)
    if "." not in host and host != "localhost":
        return _Flaw(
            "host", f"names {host}, which has one part and is known in a local network only", HOST_FIX
        )
    return None


def _reach_flaw(host: str) -> _Flaw | None:
    fix = "name a host that everybody can reach; RECONCILER_ALLOW_HOSTS can allow one for a test"
    if host.rpartition(".")[2] in SPECIAL:
        return _Flaw("special-name", f"names {host}, which nobody owns on the internet", fix)
    return None


def _punycode_flaw(host: str, allowed: _Allowed) -> _Flaw | None:
    if host in allowed.punycode or not _punycode_labels(host):
        return None
    fix = f"if it is the right host and no look-alike, allow it: {_entry(host)}"
    return _Flaw("punycode", f"names the host {host}, which is shown as {bare(decoded_host(host))}", fix)


def _sound_flaw(host: str) -> _Flaw | None:
    if all(map(_is_sound_label, _punycode_labels(host))):
        return None
    return _Flaw("punycode", f"names the host {host}, which does not decode to a host name", HOST_FIX)


def _punycode_labels(host: str) -> list[str]:
    return [label for label in host.split(".") if label.startswith("xn--")]


def _entry(host: str) -> str:
    return f'allow_punycode = ["{host}"] under [rules] in reconciler.toml'


def _is_sound_label(label: str) -> bool:
    """Say whether a browser would write the decoded label back as this one."""
    letters = _decode_label(label)
    if letters.isascii() or _encode_label(letters) != label:
        return False
    categories = [unicodedata.category(letter)[0] for letter in letters if letter != "-"]
    # A mark at the beginning would stand on the dot, or the slash, before it.
    return (
        letters == _as_read(letters)
        and not re.search(HIDDEN, letters)
        and set(categories) <= set("LMN")
        and unicodedata.category(letters[0])[0] != "M"
    )


def decoded_host(host: str) -> str:
    """Write a host as a browser may show it; a label that is no sound punycode becomes empty."""
    return ".".join(_decode_label(label) if label.startswith("xn--") else label for label in host.split("."))


def _decode_label(label: str) -> str:
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return ""


def _encoded(host: str) -> str:
    return ".".join(label if label.isascii() else _encode_label(label) for label in _as_read(host).split("."))


def _as_read(host: str) -> str:
    """Fold a host as browsers do before they look (Unicode TR 46): full-width letters, dots, case."""
    # Two letters stay as they are: browsers tell them from those they once were folded to (RFC 5894, 7.2).
    letters = (
        letter if letter in "ßς" else letter.casefold() for letter in unicodedata.normalize("NFKC", host)
    )
    return re.sub(IGNORED, "", unicodedata.normalize("NFKC", "".join(letters))).replace("。", ".")


def _encode_label(label: str) -> str:
    return "xn--" + label.encode("punycode", errors="replace").decode("ascii", errors="replace")


def _no_path(text: str) -> _Flaw | None:
    after = re.compile(AFTER_HOST).search(text, len(SCHEME))
    if after is None:
        return None
    if text[after.start() :] == "/":
        return _Flaw("path", "ends with a slash", "leave out the slash at the end")
    return _Flaw(
        "path",
        f"goes on after the host with {shown(text[after.start() :])}",
        "an origin ends after host and port",
    )


def _plain_path(text: str) -> _Flaw | None:
    after = re.compile(AFTER_HOST).search(text, len(SCHEME))
    path = text[after.start() :] if after else ""
    if re.fullmatch(URL_PATH, path) and not {".", ".."} & set(path.split("/")):
        return None
    fix = "write a plain path of letters, digits and ._~- between single slashes; no query, no fragment"
    return _Flaw("path", f"goes on after the host with {shown(path)}", fix)
