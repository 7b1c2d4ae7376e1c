"""Overlays: merge patches over channel files, each value still knowing the file that it came from."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acts.load import load_schemas
from reconciler.desired.document import Document, read_document
from reconciler.desired.overlays import Patch, lay_over, merged, overlaid_fields, patch_files
from reconciler.desired.rules import RuleSettings, judge, make_rulebook
from reconciler.model import Channel, Finding, Origin

RFC = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
BASE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: shop
spec:
  id: 00000000-0000-4000-8000-000000000001
  name: Shop
  description: Chat of the shop
  enabled: true
  webchatSettings:
    webchatUrl: https://webchat.example.com
    corsAllowedOrigins: [https://app.example.com]
    authProviderId: oauth2-provider-1
"""
BOOK = make_rulebook(load_schemas(), RuleSettings())


def document(text: str, file: str = "channels/shop.yaml") -> Document:
    read = read_document(file, text.encode())
    assert isinstance(read, Document), read
    return read


def patch(text: str, file: str = "overlays/emea/shop.yaml") -> Patch:
    return Patch(file.rpartition("/")[0], file, read_document(file, text.encode()))


def judged(*patches: Patch, base: str = BASE) -> tuple[tuple[Channel, ...], list[Finding]]:
    laid = lay_over([document(base)], patches)
    found = judge(laid.documents, BOOK)
    errors = [finding for finding in found.findings if finding.severity == "error"]
    return found.channels, [*laid.findings, *errors]


def told(findings: list[Finding]) -> list[tuple[str, str, int, int]]:
    return [(one.rule, one.file, one.line, one.column) for one in findings]


@pytest.mark.parametrize(("target", "change", "result"), RFC)
def test_the_examples_of_the_standard(target: Any, change: Any, result: Any) -> None:
    before = copy.deepcopy(target)
    assert merged(target, change) == result
    assert target == before


values = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("xyz"), values), st.dictionaries(st.sampled_from("xyz"), values))
def test_a_patch_twice_is_a_patch_once_and_leaves_no_null_of_its_own(target: Any, change: Any) -> None:
    once = merged(target, change)
    assert merged(once, change) == once
    for name, value in change.items():
        assert (name in once) is (value is not None)
    for name, value in target.items():
        assert name in change or once[name] == value


def test_a_field_is_the_overlays_and_knows_its_line() -> None:
    text = "spec:\n  description: Chat in Ireland\n  webchatSettings:\n    corsAllowedOrigins:\n    - https://ie.example.com\n"
    [channel], findings = judged(patch(text))
    assert findings == []
    assert channel.spec["description"] == "Chat in Ireland"
    assert channel.spec["webchatSettings"]["webchatUrl"] == "https://webchat.example.com"
    assert channel.overlays == ("overlays/emea/shop.yaml",)
    assert channel.overlaid == {
        ("description",): Origin("overlays/emea/shop.yaml", 2, 16),
        ("webchatSettings", "corsAllowedOrigins"): Origin("overlays/emea/shop.yaml", 5, 5),
    }
    assert channel.origin(("webchatSettings", "corsAllowedOrigins", 0)) is not None
    assert channel.origin(("name",)) is None


def test_a_later_overlay_lies_on_top_and_owns_what_it_set() -> None:
    first = patch("spec:\n  name: One\n  description: First\n", "overlays/region/shop.yaml")
    second = patch("spec: {name: Two}\n", "overlays/emea/shop.yaml")
    [channel], _ = judged(first, second)
    assert (channel.spec["name"], channel.spec["description"]) == ("Two", "First")
    owners = {path: origin.file for path, origin in channel.overlaid.items()}
    assert owners == {("name",): "overlays/emea/shop.yaml", ("description",): "overlays/region/shop.yaml"}


def test_null_takes_a_field_out_so_that_it_is_not_managed() -> None:
    [channel], findings = judged(patch("spec: {description: null}\n"))
    assert findings == []
    assert "description" not in channel.spec
    assert channel.overlaid == {}


OVERLAY = "overlays/emea/shop.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "spec:\n  webchatSettings:\n    corsAllowedOrigins:\n    - https://app.example.com\n    - http://evil.example.com\n",
            ("origin-https", OVERLAY, 5, 7),
        ),
        ("spec:\n  enabled: 'true'\n", ("wrong-type", OVERLAY, 2, 12)),
        ("spec:\n  enabledd: true\n", ("unknown-field", OVERLAY, 2, 3)),
        ("spec:\n  webchatSettings:\n    webchatUrl: null\n", ("required-field", OVERLAY, 3, 5)),
        ("spec: null\n", ("required-field", OVERLAY, 1, 1)),
        ("spec: text\n", ("wrong-type", OVERLAY, 1, 7)),
        ("metadata:\n  name: other\n", ("name-matches-file", OVERLAY, 2, 9)),
        ("kind: WebchatChanel\n", ("unknown-kind", OVERLAY, 1, 7)),
        ("spec:\n  name: no\n", ("yaml-ambiguous", OVERLAY, 2, 9)),
    ],
)
def test_a_finding_points_at_the_file_that_the_value_came_from(
    text: str, expected: tuple[str, str, int, int]
) -> None:
    channels, findings = judged(patch(text))
    assert channels == ()
    assert told(findings) == [expected]


def test_what_the_channel_file_says_wrong_is_told_there_also_under_an_overlay() -> None:
    wrong = BASE.replace("https://app", "http://app").replace("  enabled: true\n", "")
    _, findings = judged(patch("spec: {webchatSettings: {authProviderId: other}}\n"), base=wrong)
    assert told(findings) == [
        ("required-field", "channels/shop.yaml", 5, 1),
        ("origin-https", "channels/shop.yaml", 11, 26),
    ]


def test_an_overlay_can_mend_what_the_channel_file_leaves_open() -> None:
    open_base = BASE.replace("  id: 00000000-0000-4000-8000-000000000001\n", "")
    assert told(judged(base=open_base)[1]) == [("required-field", "channels/shop.yaml", 5, 1)]
    channels, findings = judged(patch("spec: {id: 00000000-0000-4000-8000-000000000002}\n"), base=open_base)
    assert (findings, channels[0].id) == ([], "00000000-0000-4000-8000-000000000002")


def test_an_overlay_that_cannot_be_read_says_so_and_nothing_else() -> None:
    open_base = BASE.replace("  enabled: true\n", "")
    channels, findings = judged(patch("spec: {enabled: &x true, name: *x}\n"), base=open_base)
    assert channels == ()
    assert {one.file for one in findings} == {"overlays/emea/shop.yaml"}
    channels, findings = judged(patch("spec: [\n"), base=open_base)
    assert (channels, [one.rule for one in findings]) == ((), ["yaml-syntax"])


@pytest.mark.parametrize("text", ["null\n", "- a\n", "text\n"])
def test_an_overlay_is_a_mapping(text: str) -> None:
    channels, findings = judged(patch(text))
    assert channels == ()
    assert {one.file for one in findings} == {"overlays/emea/shop.yaml"}
    assert findings


def test_a_patch_without_a_channel_file_is_a_finding_with_the_nearest_name() -> None:
    laid = lay_over([document(BASE)], [patch("spec: {}\n", "overlays/emea/shpo.yaml")])
    assert [(one.rule, one.file, one.fix) for one in laid.findings] == [
        ("overlay-target", "overlays/emea/shpo.yaml", "did you mean shop?")
    ]
    # A channel file that could not be read is no reason to call its overlay lost.
    assert lay_over([], [patch("spec: {}\n")], known=["channels/shop.yaml"]).findings == ()


def test_two_files_of_one_overlay_for_one_channel_are_a_finding_and_two_overlays_are_not() -> None:
    twin = patch("spec: {}\n", "overlays/emea/shop.yml")
    assert [one.file for one in lay_over([document(BASE)], [patch("spec: {}\n"), twin]).findings] == [
        twin.file
    ]
    other = patch("spec: {}\n", "overlays/other/shop.yml")
    assert lay_over([document(BASE)], [patch("spec: {}\n"), other]).findings == ()


def test_a_document_without_patches_is_what_it_was() -> None:
    shop = document(BASE)
    laid = lay_over([shop], [])
    assert laid.documents[0] is shop
    assert (overlaid_fields(shop), patch_files(shop)) == ({}, ())


@given(
    st.permutations(["id: x", "name: X", "enabled: maybe", "extra: 1", "webchatSettings: null"]),
    st.integers(0, 5),
)
def test_every_finding_of_a_patched_document_stands_where_its_text_does(lines: list[str], count: int) -> None:
    text = "spec:\n" + "".join(f"  {line}\n" for line in lines[:count]) if count else "spec: {}\n"
    _, findings = judged(patch(text))
    for finding in findings:
        source = {"channels/shop.yaml": BASE, "overlays/emea/shop.yaml": text}[finding.file]
        assert finding.excerpt == source.splitlines()[finding.line - 1]
        assert finding.file == "overlays/emea/shop.yaml"
