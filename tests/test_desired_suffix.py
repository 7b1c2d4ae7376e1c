from __future__ import annotations

import random

import pytest
from publicsuffixlist import PublicSuffixList

from reconciler.acts.load import load_suffixes
from reconciler.desired.lookalike import homograph, likeness, skeleton
from reconciler.desired.policy import Policy
from reconciler.desired.sites import Sites
from reconciler.desired.suffix import NO_SUFFIXES, Suffix, Suffixes

SMALL = Suffixes(
    "com\n*.ck\n!www.ck\n公司.cn\ncn\n// ===BEGIN PRIVATE DOMAINS===\ngithub.io\n*.example.com\n".encode()
)
OWN = ("example.com", "bigbank.de")


@pytest.mark.parametrize(
    ("host", "suffix", "owned"),
    [
        ("com", Suffix("com", is_private=False), None),
        ("shop.acme.com", Suffix("com", is_private=False), "acme.com"),
        ("a.b.ck", Suffix("b.ck", is_private=False), "a.b.ck"),
        ("b.ck", Suffix("b.ck", is_private=False), None),
        ("www.ck", Suffix("ck", is_private=False), "www.ck"),
        ("shop.github.io", Suffix("github.io", is_private=True), "shop.github.io"),
        ("a.shop.example.com", Suffix("shop.example.com", is_private=True), "a.shop.example.com"),
        ("a.xn--55qx5d.cn", Suffix("xn--55qx5d.cn", is_private=False), "a.xn--55qx5d.cn"),
        ("a.unheard", Suffix("unheard", is_private=False), "a.unheard"),
    ],
)
def test_the_suffix_of_a_host(host: str, suffix: Suffix, owned: str | None) -> None:
    assert SMALL.of(host) == suffix
    assert SMALL.owned(host) == owned


def test_without_a_list_the_last_part_is_the_suffix() -> None:
    assert NO_SUFFIXES.owned("a.b.c.example") == "c.example"


def test_the_real_list_is_read_as_the_library_reads_it() -> None:
    suffixes, library = load_suffixes(), PublicSuffixList()
    chance = random.Random(20240607)
    rules = sorted(
        line.removeprefix("!").replace("*", "x")
        for line in map(bytes.decode, suffixes._rules)
        if line and not line.startswith("//") and line.isascii()
    )
    for _ in range(5_000):
        host = "".join(f"{chance.choice('abw')}." for _ in range(chance.randrange(3))) + chance.choice(rules)
        assert suffixes.of(host).text == library.publicsuffix(host), host


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("shop.examp1e.com", "reads like example.com"),
        ("exarnple.com", "reads like example.com"),
        ("xn--exmple-qxe.com", "reads like example.com"),
        ("exampel.com", "is one letter away from example.com"),
        ("exmple.com", "is one letter away from example.com"),
        ("examplee.com", "is one letter away from example.com"),
        ("example-support.com", "holds the name of example.com"),
        ("example.org", "has the name, and another ending, of example.com"),
        ("example.com.evil.net", "begins like example.com"),
        ("bigbnak.de", "is one letter away from bigbank.de"),
    ],
)
def test_a_look_alike_is_told_from_what_it_looks_like(host: str, why: str) -> None:
    assert str(likeness(host, OWN, load_suffixes(), named=True)).startswith(why)


@pytest.mark.parametrize("host", ["example.com", "a.b.example.com", "acme.org", "sample.net", "samples.com"])
def test_what_is_ours_or_plainly_somebody_elses_is_no_look_alike(host: str) -> None:
    assert likeness(host, OWN, load_suffixes(), named=True) is None


def test_where_nobody_listed_domains_only_what_reads_the_same_is_told() -> None:
    assert likeness("exampel.com", OWN, load_suffixes(), named=False) is None
    assert likeness("examp1e.com", OWN, load_suffixes(), named=False) is not None


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("xn--pple-43d.com", "mixes Cyrillic and Latin letters"),
        ("xn--80ak6aa92e.com", "letters read as"),
        ("xn--bcher-kva.com", None),
        ("xn--mnchen-3ya.de", None),
        ("xn--80aswg.xn--p1ai", None),
        ("xn--fiqs8s.cn", None),
        ("shop.example.com", None),
    ],
)
def test_a_host_that_passes_for_another_is_a_homograph(host: str, why: str | None) -> None:
    found = homograph(host)
    assert (why in found) if why and found else found is why


def test_the_skeleton_is_what_a_reader_sees() -> None:
    assert skeleton("paypa1.com") == skeleton("paypal.com")
    assert skeleton("rnicrosoft.com") == skeleton("microsoft.com")
    assert skeleton("acme.com") != skeleton("acne.com")


@pytest.mark.parametrize("own", [(), OWN, ("example.com",), ("ck", "shop.github.io")])
def test_a_host_below_a_clean_domain_is_judged_as_every_other(own: tuple[str, ...]) -> None:
    chance = random.Random(20260101)
    labels = [
        "shop",
        "dev",
        "test1",
        "xn--55qx5d",
        "ck",
        "www",
        "io",
        "com",
        "example",
        "1",
        "a-b",
        "qa-x",
        "exarnple",
    ]
    ends = [
        "com",
        "example.com",
        "exarnple.com",
        "ck",
        "github.io",
        "shop.github.io",
        "stage.example.com",
        "5",
    ]
    sites = Sites(Policy(own_domains=own), SMALL, {"dev.example.com"})
    clean = 0
    for _ in range(3_000):
        host = ".".join([*chance.choices(labels, k=chance.randrange(3)), chance.choice(ends)])
        found = tuple(sites.flaws(host, own))
        assert found == tuple(sites._judged(host, own)), host
        clean += not found
    assert clean > 300
