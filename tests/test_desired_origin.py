from __future__ import annotations

import itertools
import random
import re
import string
import unicodedata
from ipaddress import IPv4Address, IPv6Address

import ada_url
import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired.catalogue import ORIGINS, URLS
from reconciler.desired.origin import check_origin, check_url, folded

LONG_LABEL = "a" * 63
LONGEST = ".".join([LONG_LABEL] * 3 + ["a" * 61])
COMMON = {rule.id.removeprefix("origin-") for rule in ORIGINS} & {
    rule.id.removeprefix("url-") for rule in URLS
}


def rule(text: str, *hosts: str, punycode: tuple[str, ...] = ()) -> str | None:
    found = check_origin(text, hosts, punycode)
    return found and found.rule


@pytest.mark.parametrize(
    "text",
    [
        "https://app.example.com",
        "https://example.com",
        "https://example.net",
        "https://shop.example.org",
        "https://a.b",
        "https://1.example.com",
        "https://1-2.3com.example",
        "https://a--b.example.com",
        "https://ab--cd.example.com",
        "https://example.com:1",
        "https://example.com:80",
        "https://example.com:444",
        "https://example.com:4430",
        "https://example.com:65535",
        "https://localhost.example.com",
        "https://test.example.com",
        "https://example.test.com",
        "https://internal.dev",
        "https://10.0.0.1.example.com",
        "https://0x7f.example.com",
        "https://a.0xg",
        "https://a.b1",
        "https://" + LONGEST,
    ],
)
def test_a_plain_host_with_or_without_a_port_is_an_origin(text: str) -> None:
    if text == "https://1-2.3com.example":
        assert rule(text) == "origin-special-name"
        return
    assert (rule(text), check_url(text)) == (None, None)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        # Schemes.
        ("http://app.example.com", "https"),
        ("https:", "https"),
        ("https:/app.example.com", "https"),
        ("https:\\\\app.example.com", "https"),
        ("https:app.example.com", "https"),
        ("https//app.example.com", "https"),
        ("//app.example.com", "https"),
        ("app.example.com", "https"),
        ("wss://app.example.com", "https"),
        ("ftp://app.example.com", "https"),
        ("javascript://app.example.com/%0aalert(1)", "https"),
        ("data:text/html,x", "https"),
        ("file:///etc/passwd", "https"),
        ("null", "https"),
        ("", "https"),
        ("h\u0442tps://app.example.com", "https"),
        ("HTTPS://app.example.com", "case"),
        ("Https://app.example.com", "case"),
        # Users.
        ("https://good.example.com@evil.com", "user"),
        ("https://:@app.example.com", "user"),
        ("https://@app.example.com", "user"),
        ("https://evil.com#@good.com", "user"),
        ("https://evil.com/@good.com", "user"),
        ("https://good.com\\@evil.com", "user"),
        ("https://a:b@app.example.com:443", "user"),
        # Wildcards.
        ("*", "wildcard"),
        ("*.example.com", "wildcard"),
        ("https://*", "wildcard"),
        ("https://*.example.com", "wildcard"),
        ("https://app.*.com", "wildcard"),
        ("https://app.example.com:*", "wildcard"),
        ("https://app.example.com/*", "wildcard"),
        ("https://.*\\.example\\.com", "wildcard"),
        ("http://*.example.com", "https"),
        ("https://app[0-9].example.com", "host"),
        ("https://(app|admin).example.com", "host"),
        ("https://.+", "host"),
        ("https://^app.example.com$", "host"),
        # Ports.
        ("https://app.example.com:443", "default-port"),
        ("https://app.example.com:", "port"),
        ("https://app.example.com:0", "port"),
        ("https://app.example.com:0443", "port"),
        ("https://app.example.com:080", "port"),
        ("https://app.example.com:65536", "port"),
        ("https://app.example.com:99999999999", "port"),
        ("https://app.example.com:+443", "port"),
        ("https://app.example.com:-1", "port"),
        ("https://app.example.com:443:443", "port"),
        ("https://app.example.com:8443 ", "port"),
        ("https://app.example.com:8443\n", "port"),
        ("https://app.example.com:٤٤٣", "port"),
        ("https://app.example.com:４４３", "port"),
        ("https://app.example.com:https", "port"),
        # Host names that are none.
        ("https://", "host"),
        ("https:///app.example.com", "host"),
        ("https:///", "host"),
        ("https://:8443", "host"),
        ("https://app.example.com.", "host"),
        ("https://.", "host"),
        ("https://..", "host"),
        ("https://.example.com", "host"),
        ("https://app..example.com", "host"),
        ("https://-app.example.com", "host"),
        ("https://app-.example.com", "host"),
        ("https://app.example.-com", "host"),
        ("https://app_one.example.com", "host"),
        ("https://_dmarc.example.com", "host"),
        (f"https://{'a' * 64}.example.com", "host"),
        (f"https://{LONGEST}a", "host"),
        ("https://" + "a." * 150 + "com", "host"),
        ("https://com", "host"),
        ("https://intranet", "host"),
        ("https://intranet:8443", "host"),
        ("https://test", "host"),
        # Characters that parsers drop, fold or decode.
        (" https://app.example.com", "https"),
        ("\thttps://app.example.com", "https"),
        ("https://app.example.com ", "host"),
        ("https://app.example.com\n", "host"),
        ("https://app.example.com\r\nx: y", "host"),
        ("https://app.exam\tple.com", "host"),
        ("https://app.example.com\x00", "host"),
        ("https://app.example.com%00", "host"),
        ("https://app%2eexample.com", "host"),
        ("https://good.com%2eevil.com", "host"),
        ("https://app\u00ad.example.com", "host"),
        ("https://app\u200b.example.com", "host"),
        ("https://app\u202e.example.com", "host"),
        ("https://ａｐｐ.example.com", "host"),
        ("https://app。example.com", "host"),
        ("https://app．example｡com", "host"),
        ("https://\u212aelvin.example.com", "host"),
        ("https://evil.com\u2044.good.com", "host"),
        ("https://evil.com／good.com", "host"),
        ("https://a\ud800.example.com", "host"),
        # Letters of other scripts, and what stands for them.
        ("https://bücher.example.com", "punycode"),
        ("https://BÜCHER.example.com", "punycode"),
        ("https://раураl.com", "punycode"),
        ("https://аррӏе.com", "punycode"),
        ("https://例え.jp", "punycode"),
        ("https://xn--bcher-kva.example.com", "punycode"),
        ("https://example.xn--p1ai", "punycode"),
        ("https://xn--80ak6aa92e.com", "punycode"),
        ("https://xn--a.example.com", "punycode"),
        ("https://xn--app-.example.com", "host"),
        ("https://xn--.example.com", "host"),
        ("https://XN--BCHER-KVA.example.com", "case"),
        ("https://App.example.com", "case"),
        ("https://app.example.COM:8443", "case"),
        # Addresses in every spelling.
        ("https://8.8.8.8", "ip-address"),
        ("https://127.0.0.1", "ip-address"),
        ("https://127.0.0.1:8443", "ip-address"),
        ("https://10.0.0.1", "ip-address"),
        ("https://169.254.169.254", "ip-address"),
        ("https://100.64.0.1", "ip-address"),
        ("https://224.0.0.1", "ip-address"),
        ("https://127.1", "ip-address"),
        ("https://127.0.0.1.", "ip-address"),
        ("https://2130706433", "ip-address"),
        ("https://0x7f000001", "ip-address"),
        ("https://0x7f.1", "ip-address"),
        ("https://0X7F.1", "ip-address"),
        ("https://0177.0.0.01", "ip-address"),
        ("https://0x", "ip-address"),
        ("https://0", "ip-address"),
        ("https://999.999.999.999", "ip-address"),
        ("https://a.b.1", "ip-address"),
        ("https://①②⑦.0.0.1", "ip-address"),
        ("https://１２７.0.0.1", "ip-address"),
        ("https://127。0。0。1", "ip-address"),
        ("https://127.0.0.\u00ad1", "ip-address"),
        ("https://[::1]", "ip-address"),
        ("https://[::1]:8443", "ip-address"),
        ("https://[::ffff:127.0.0.1]", "ip-address"),
        ("https://[64:ff9b::7f00:1]", "ip-address"),
        ("https://[fe80::1%25eth0]", "ip-address"),
        ("https://[v1.a]", "ip-address"),
        ("https://[", "ip-address"),
        ("https://[]", "ip-address"),
        ("https://::1", "host"),
        # Names that nobody owns.
        ("https://localhost", "special-name"),
        ("https://localhost:8443", "special-name"),
        ("https://app.localhost", "special-name"),
        ("https://printer.local", "special-name"),
        ("https://app.internal", "special-name"),
        ("https://app.test", "special-name"),
        ("https://app.example", "special-name"),
        ("https://app.invalid", "special-name"),
        ("https://abc.onion", "special-name"),
        ("https://home.arpa", "special-name"),
        ("https://1.0.0.127.in-addr.arpa", "special-name"),
        ("https://app.alt", "special-name"),
    ],
)
def test_everything_else_is_refused_for_its_first_reason(text: str, about: str) -> None:
    found = [check_origin(text), check_url(text)]
    assert [one and one.rule for one in found] == [f"origin-{about}", f"url-{about}"]
    assert about in COMMON
    for one in found:
        assert one is not None
        assert one.message.isprintable()
        assert one.fix.isprintable()


@pytest.mark.parametrize(
    "tail",
    ["/", "//", "/a", "/a/", "?", "?a=b", "#", "#a", ";a", "\\", "\\evil.com", "/..", "/%2e%2e", "/?", "/ "],
)
def test_an_origin_ends_after_host_and_port(tail: str) -> None:
    assert rule("https://app.example.com" + tail) == "origin-path"
    assert rule("https://app.example.com:8443" + tail) == "origin-path"


@pytest.mark.parametrize(
    "path", ["", "/", "/a", "/a/", "/hooks/web-chat_1.2~x", "/.well-known/x", "/...", "/a..b"]
)
def test_a_url_may_have_a_plain_path(path: str) -> None:
    assert check_url("https://app.example.com" + path) is None
    assert check_url("https://app.example.com:8443" + path) is None


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//",
            "/a//b",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e",
            "/a%20b",
            "/a b",
            "/a\\b",
            "\\a",
            "/a;b",
            ";b",
        ),
        *("?a=b", "/?a=b", "/a?token=x", "#a", "/#a", "/a\n", "/\n", "/é", "/a:b", "/a=b", "/(a)", "/a\x00"),
    ],
)
def test_a_url_may_have_nothing_else(path: str) -> None:
    found = check_url("https://app.example.com" + path)
    assert found is not None
    assert found.rule == "url-path"


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com//", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://app.example.com:443/", "https://app.example.com"),
        ("HTTPS://APP.Example.com:443/", "https://app.example.com"),
        ("https://App.example.com:8443", "https://app.example.com:8443"),
        (" https://app.example.com", "https://app.example.com"),
        ("https://app.example.com\n", "https://app.example.com"),
    ],
)
def test_a_spelling_that_can_be_repaired_comes_with_the_repaired_one(text: str, better: str) -> None:
    found = check_origin(text)
    assert found is not None
    assert (found.fix, folded(text), check_origin(better)) == (f'write "{better}"', better, None)


@pytest.mark.parametrize(
    "text",
    ["https://App.localhost", "https://App.example.com/a", "https://app.example.com/a", "HTTPS://127.0.0.1"],
)
def test_a_repair_that_would_be_refused_is_not_offered(text: str) -> None:
    found = check_origin(text)
    assert found is not None
    assert not found.fix.startswith('write "')


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("https://127.0.0.1", ("127.0.0.1",)),
        ("https://127.0.0.1:8443", ("127.0.0.1",)),
        ("https://127.0.0.1:8443", ("127.0.0.1:8443",)),
        ("https://127.0.0.1", ("127.0.0.1:443",)),
        ("https://[::1]:8443", ("[::1]",)),
        ("https://[2001:db8::1:0:0:1]", ("[2001:db8::1:0:0:1]",)),
        ("https://localhost:8443", ("localhost:8443",)),
        ("https://localhost", ("other.test", "localhost")),
        ("https://chat.localhost", ("chat.localhost",)),
        ("https://chat.test:8443", ("chat.test:8443",)),
        ("https://xn--bcher-kva.example.com", ("xn--bcher-kva.example.com",)),
        ("https://xn--bcher-kva.test", ("xn--bcher-kva.test",)),
    ],
)
def test_the_operator_may_allow_an_address_a_special_name_and_an_international_one(
    text: str, hosts: tuple[str, ...]
) -> None:
    assert (rule(text, *hosts), check_url(text + "/a", hosts)) == (None, None)
    assert rule(text) is not None
    assert rule(text, "app.example.com", *(f"{host}.example.com" for host in hosts)) == rule(text)


@pytest.mark.parametrize(
    ("text", "hosts", "about"),
    [
        # Every other limit holds for an allowed host too.
        ("http://localhost", ("localhost",), "https"),
        ("https://localhost:443", ("localhost",), "default-port"),
        ("https://localhost:0", ("localhost",), "port"),
        ("https://localhost/", ("localhost",), "path"),
        ("https://localhost.", ("localhost", "localhost."), "host"),
        ("https://LOCALHOST", ("localhost", "LOCALHOST"), "case"),
        ("https://a@localhost", ("localhost", "a@localhost"), "user"),
        ("https://*.test", ("*.test",), "wildcard"),
        ("https://a_b.test", ("a_b.test",), "host"),
        ("https://bücher.test", ("bücher.test",), "punycode"),
        ("https://xn--a.test", ("xn--a.test",), "punycode"),
        # Two labels are asked of everybody but localhost itself.
        ("https://intranet", ("intranet",), "host"),
        ("https://test", ("test",), "host"),
        # A port that was not allowed.
        ("https://localhost:8444", ("localhost:8443",), "special-name"),
        ("https://localhost", ("localhost:8443",), "special-name"),
        ("https://a.localhost", ("localhost",), "special-name"),
        # An address has one plain form.
        ("https://127.1", ("127.1",), "ip-address"),
        ("https://0x7f.0.0.1", ("0x7f.0.0.1",), "ip-address"),
        ("https://127.0.0.01", ("127.0.0.01",), "ip-address"),
        ("https://127.0.0.256", ("127.0.0.256",), "ip-address"),
        ("https://127.0.0.1.", ("127.0.0.1.",), "ip-address"),
        ("https://[::0001]", ("[::0001]",), "ip-address"),
        ("https://[::FFFF]", ("[::FFFF]",), "ip-address"),
        ("https://[0:0:0:0:0:0:0:1]", ("[0:0:0:0:0:0:0:1]",), "ip-address"),
        ("https://[::ffff:127.0.0.1]", ("[::ffff:127.0.0.1]",), "ip-address"),
        ("https://[::ffff:7f00:1]", ("[::ffff:7f00:1]",), "ip-address"),
        ("https://[fe80::1%eth0]", ("[fe80::1%eth0]",), "ip-address"),
        ("https://[::1", ("[::1",), "ip-address"),
    ],
)
def test_the_operator_allows_nothing_else(text: str, hosts: tuple[str, ...], about: str) -> None:
    assert rule(text, *hosts) == f"origin-{about}"


def test_an_international_host_is_allowed_by_its_whole_name() -> None:
    text = "https://xn--bcher-kva.example.com:8443"
    assert rule(text, punycode=("xn--bcher-kva.example.com",)) is None
    assert rule(text, punycode=("example.com", "xn--bcher-kva", "bücher.example.com")) == "origin-punycode"
    assert rule("https://bücher.example.com", punycode=("bücher.example.com",)) == "origin-punycode"
    assert rule("https://xn--a.example.com", punycode=("xn--a.example.com",)) == "origin-punycode"
    assert rule("https://xn--bcher-kva.test", punycode=("xn--bcher-kva.test",)) == "origin-special-name"


def test_an_international_host_is_shown_in_both_forms() -> None:
    entry = 'allow_punycode = ["xn--80ak6aa92e.com"] under [rules] in reconciler.toml'
    ascii_form, letters = check_origin("https://xn--80ak6aa92e.com"), check_origin("https://аррӏе.com")
    assert ascii_form is not None
    assert letters is not None
    assert (
        ascii_form.message
        == '"https://xn--80ak6aa92e.com" names the host xn--80ak6aa92e.com, which is shown as аррӏе.com'
    )
    assert ascii_form.fix == f"if it is the right host and no look-alike, allow it: {entry}"
    assert letters.message == '"https://аррӏе.com" names the host аррӏе.com, which is xn--80ak6aa92e.com'
    # Allowing it is not enough: as it stands no browser sends it.
    assert letters.fix == (
        f"if it is the right host and no look-alike, write it as xn--80ak6aa92e.com, and allow that: {entry}"
    )


def test_a_host_that_browsers_fold_is_shown_as_they_read_it() -> None:
    found = check_origin("https://ａpp。example.com")
    assert found is not None
    assert (found.message, found.fix) == (
        '"https://ａpp。example.com" names the host ａpp。example.com, which browsers read as app.example.com',
        "write app.example.com, if that is the right host",
    )


@pytest.mark.parametrize(
    "label", ["xn--a", "xn--bcher-kvb0", "xn--app-0", "xn--lsa", "xn--vhk", "xn--osd", "xn--a-dgb"]
)
def test_a_label_that_browsers_would_not_write_is_never_allowed(label: str) -> None:
    host = f"{label}.example.com"
    assert rule(f"https://{host}", punycode=(host,)) == "origin-punycode"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://a.example.com", "https://a.example.com"),
        ("  HTTPS://A.Example.com:443// ", "https://a.example.com"),
        ("https://a.example.com:4443", "https://a.example.com:4443"),
        ("https://a.example.com:443/:443", "https://a.example.com"),
        ("https://a.example.com/ /", "https://a.example.com"),
        ("https://a.example.com/b", "https://a.example.com/b"),
        ("", ""),
    ],
)
def test_spellings_of_one_origin_are_folded_into_one(text: str, meant: str) -> None:
    assert folded(text) == meant


@given(st.text(max_size=40) | st.text("aA:4/3 .\n", max_size=20))
@example("https://a.example.com:443/:443")
@example("a / ")
@example("İ")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


PLAIN_ORIGIN = re.compile(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::([1-9][0-9]{0,4}))?")
TOP = {"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"}


def is_plain(text: str) -> bool:
    """Judge an origin by the sentence of the contract, in another way than the code does."""
    match = PLAIN_ORIGIN.fullmatch(text)
    if match is None or len(match[1]) > 253 or int(match[2] or 1) > 65_535 or match[2] == "443":
        return False
    labels = match[1].split(".")
    if any(len(label) > 63 or "-" in (label[0], label[-1]) or label.startswith("xn--") for label in labels):
        return False
    last = labels[-1]
    is_number = last.isdigit() or (
        last.startswith("0x") and all(letter in string.hexdigits for letter in last[2:])
    )
    return not is_number and last not in TOP


def is_kept_by_browsers(text: str) -> bool:
    """Say whether a URL parser after the WHATWG standard gives this origin back letter by letter."""
    try:
        return bool(ada_url.URL(text).origin == text)
    except ValueError:
        return False


def require_sound(text: str) -> bool:
    """Check one origin against both oracles, and say whether it is accepted."""
    is_accepted = check_origin(text) is None
    assert is_accepted == is_plain(text), text
    assert not is_accepted or (is_kept_by_browsers(text) and folded(text) == text), text
    return is_accepted


HOSTS = st.from_regex(r"[a-z0-9.x-]{1,20}(\.(com|test|1|0x1|xn--p1ai|example))?", fullmatch=True)
PORTS = st.sampled_from(["", ":1", ":443", ":65535", ":65536", ":0", ":080", ":", ":a"])
TAILS = st.sampled_from(["", "", "", "/", "?", "#", "@", "\\", " ", "\n", "。", "*"])


@given(st.builds("https://{}{}{}".format, HOSTS, PORTS, TAILS))
@example("https://app.example.com")
@example("https://" + LONGEST)
@example("https://" + LONGEST + "a")
def test_an_accepted_origin_is_what_the_contract_and_browsers_say_it_is(text: str) -> None:
    require_sound(text)


@given(st.text(max_size=40).map("https://{}".format) | st.text(max_size=30))
def test_no_text_is_taken_for_an_origin_that_is_none(text: str) -> None:
    require_sound(text)


@given(st.text(max_size=30))
def test_a_refusal_can_always_be_shown(text: str) -> None:
    for found in (check_origin("https://" + text), check_url("https://" + text)):
        assert found is None or (found.message.isprintable() and found.fix.isprintable())


@given(st.text("ab./-_~%?#\\;:@ \n\u00e9", max_size=12).map("https://app.example.com{}".format))
def test_an_accepted_url_is_kept_by_browsers(text: str) -> None:
    if check_url(text) is None:
        assert ada_url.URL(text).href in (text, text + "/")


@given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
@example(IPv6Address("::1"))
@example(IPv6Address("1:0:0:2:0:0:0:3"))
@example(IPv6Address("1:0:2:3:4:5:6:7"))
def test_an_address_that_is_allowed_is_one_that_browsers_keep(address: IPv4Address | IPv6Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert rule(f"https://{host}") == "origin-ip-address"
    if rule(f"https://{host}", host) is None:
        assert is_kept_by_browsers(f"https://{host}")
    else:
        assert isinstance(address, IPv6Address)
        assert address.ipv4_mapped is not None


def is_kept_by_idna(label: str) -> bool:
    """Say whether the decoded label is one that Unicode TR 46 leaves as it is."""
    letters = label.removeprefix("xn--").encode().decode("punycode")
    return idna.uts46_remap(letters, std3_rules=True, transitional=False) == letters


@given(st.text(st.characters(min_codepoint=0x61, max_codepoint=0x2FFFF), min_size=1, max_size=6))
@example("bücher")
@example("straße")
@example("\u13a0")
@example("a\u0345")
@example("\u0301a")
@example("a\ufe0f")
@example("\u1e9e")
def test_an_allowed_international_label_is_one_that_browsers_keep(letters: str) -> None:
    host = f"xn--{letters.encode('punycode', errors='replace').decode()}.example.com"
    if rule(f"https://{host}", punycode=(host,)) is None:
        assert is_kept_by_idna(host.partition(".")[0])
        assert unicodedata.category(letters[0])[0] != "M"


NAMES = ["www", "app", "admin", "shop", "chat-1", "my--shop", "a", "2024", "support.eu", "customer-service"]
DOMAINS = [
    "example.com",
    "example.net",
    "shop.co.uk",
    "x.de",
    "data.io",
    "a.gov.au",
    "b.gov",
    "1und1.de",
    "t.co",
    "a.museum",
]
REAL_PORTS = ["", ":8443", ":3000", ":80", ":9", ":65535", ":444", ":1", ":10000", ":5173"]
REAL = [
    f"https://{name}.{domain}{port}" for name, domain, port in itertools.product(NAMES, DOMAINS, REAL_PORTS)
]


def test_a_thousand_origins_of_real_form_are_accepted() -> None:
    assert len(set(REAL)) == 1_000
    assert [text for text in REAL if check_origin(text)] == []


CHANGES = (
    *".-:/@*?#\\_%; \t\n\x00ABXZ019ax",
    *(
        "xn--",
        "://",
        "https://",
        ":443",
        ":0",
        "..",
        "0x",
        ".1",
        ".test",
        ".localhost",
        "%2e",
        "\u00ad",
        "。",
        "ａ",
        "ü",
    ),
    *("①", "\u0430", "\u200b", "\u202e", "[::1]", "127.0.0.1", "user@", "\ud800"),
)


@pytest.mark.campaign
def test_a_hundred_thousand_origins_are_judged_as_the_contract_says() -> None:
    chance = random.Random(20240607)
    accepted = 0
    for _ in range(100_000):
        text = chance.choice(REAL)
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(text) + 1)
            text = text[:place] + chance.choice(CHANGES) + text[place + chance.randrange(3) :]
        accepted += require_sound(text)
    # Both sides of the border were visited often.
    assert 20_000 < accepted < 80_000


@pytest.mark.campaign
def test_no_letter_makes_an_international_label_that_browsers_would_not_keep() -> None:
    accepted = 0
    for code in random.Random(20240607).sample(range(0x80, 0x3_2000), 20_000):
        letters = "a" + chr(code)
        host = f"xn--{letters.encode('punycode', errors='replace').decode()}.example.com"
        if rule(f"https://{host}", punycode=(host,)) is None:
            accepted += 1
            assert is_kept_by_idna(host.partition(".")[0]), hex(code)
    assert accepted > 5_000
