from __future__ import annotations

import re

import pytest

from reconciler.desired.catalogue import ORIGINS, RULES, SCHEMA, URLS, YAML, Rule, rule_named
from reconciler.desired.document import Document, read_document
from reconciler.desired.origin import check_origin, check_url
from reconciler.model import Severity

WITHOUT_CASE = {"origin-duplicate"}
"""What is wrong with a list, not with one address of it."""


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.id for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule_named(name).id == name for name in names)


def test_a_rule_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="origin-nonsense"):
        rule_named("origin-nonsense")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_why_and_the_way_out(rule: Rule) -> None:
    # A sentence, or one that begins with the name of a field.
    assert rule.what[0].isupper() or re.match(r"[a-z]+(?:\.[a-z]+|[A-Z]\w*)?[: ]", rule.what)
    assert rule.what.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix
    assert not rule.fix.endswith(".")
    assert "  " not in rule.what + rule.why + rule.fix
    assert rule.severity is Severity.ERROR or rule.is_policy or rule.id.startswith("waiver-")
    assert bool(rule.bad) == bool(rule.good)
    assert all(
        text.isprintable()
        for text in (rule.what, rule.why, rule.fix, *rule.bad.split("\n"), *rule.good.split("\n"))
    )


def test_an_address_is_asked_the_same_as_origin_and_as_url() -> None:
    origins = [rule.id.removeprefix("origin-") for rule in ORIGINS]
    urls = [rule.id.removeprefix("url-") for rule in URLS]
    assert [about for about in origins if about != "duplicate"] == urls


def value_of(example: str) -> str:
    """Give the address that an example of a rule is about."""
    field, _, value = example.partition(": ")
    assert field in ("corsAllowedOrigins", "webchatUrl", "healthWebhook")
    return value.strip('[]"')


@pytest.mark.parametrize(
    "rule", [rule for rule in ORIGINS + URLS if rule.id not in WITHOUT_CASE], ids=lambda rule: rule.id
)
def test_an_example_of_an_address_breaks_its_own_rule_and_the_good_one_none(rule: Rule) -> None:
    check = check_origin if rule in ORIGINS else check_url
    found = check(value_of(rule.bad))
    assert found is not None
    assert found.rule == rule.id
    allowed = [value_of(rule.good).removeprefix("https://")] if rule.id.endswith("punycode") else []
    assert check(value_of(rule.good), (), allowed) is None


HEAD = "kind: WebchatChannel\n"


@pytest.mark.parametrize("rule", [rule for rule in YAML if rule.bad], ids=lambda rule: rule.id)
def test_an_example_of_yaml_breaks_its_own_rule_and_the_good_one_none(rule: Rule) -> None:
    def read(example: str) -> Document | set[str]:
        # Lines of an example are indented as in a file, but for the first.
        text = example if rule.id in ("yaml-empty", "yaml-top-level") else f"metadata:\n  {example}\n"
        if rule.id == "yaml-documents":
            text = HEAD + example + "\n" + HEAD
        found = read_document("channels/a.yaml", text.encode())
        wrong = found.flaws if isinstance(found, Document) else found
        return {finding.rule for finding in wrong} if wrong else found

    if rule.id == "yaml-documents":
        assert read(rule.bad) == {rule.id}
        return
    assert read(rule.bad) == {rule.id}
    assert isinstance(read(rule.good), Document)


@pytest.mark.parametrize("name", ["file-lfs", "file-conflict"])
def test_an_example_of_what_git_leaves_breaks_its_own_rule(name: str) -> None:
    found = read_document("channels/a.yaml", rule_named(name).bad.encode())
    assert not isinstance(found, Document)
    assert {finding.rule for finding in found} == {name}


@pytest.mark.parametrize("rule", SCHEMA, ids=lambda rule: rule.id)
def test_an_example_of_the_schema_is_yaml_that_can_be_read(rule: Rule) -> None:
    assert isinstance(read_document("channels/a.yaml", rule.bad.encode()), Document)
    assert isinstance(read_document("channels/a.yaml", rule.good.encode()), Document)
