from __future__ import annotations

from typing import Any

import pytest

from reconciler.acts.load import load_schemas
from reconciler.desired.document import Document, read_document
from reconciler.desired.rules import RuleSettings, file_finding, judge, make_rulebook, spec_problem
from reconciler.model import Channel, Finding

RULEBOOK = make_rulebook(load_schemas(), RuleSettings())
ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
OTHER = "a1b2c3d4-e5f6-7890-abcd-ef1234567891"
TEXT = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: {name}
spec:
  id: {id}
  name: Support
  enabled: {enabled}
  webchatSettings:
    webchatUrl: https://chat.example.com
    corsAllowedOrigins: [{origins}]
    authProviderId: provider-1
"""


def text_of(**values: str) -> str:
    usual = {"name": "support", "id": ID, "enabled": "true", "origins": "https://app.example.com"}
    return TEXT.format(**{**usual, **values})


def judged(
    *files: tuple[str, str], settings: RuleSettings | None = None
) -> tuple[tuple[Channel, ...], list[Finding]]:
    documents = [read_document(file, text.encode()) for file, text in files]
    assert all(isinstance(document, Document) for document in documents)
    rulebook = make_rulebook(load_schemas(), settings) if settings else RULEBOOK
    channels, findings, _ = judge([one for one in documents if isinstance(one, Document)], rulebook)
    return channels, list(findings)


def places(*files: tuple[str, str]) -> list[tuple[str, str, int, int]]:
    return [(one.rule, one.file, one.line, one.column) for one in judged(*files)[1]]


def test_a_valid_file_becomes_a_channel() -> None:
    text = text_of() + "monitoring:\n  healthWebhook: https://monitor.example.com/hook\n"
    channels, findings = judged(("channels/support.yaml", text))
    assert findings == []
    [channel] = channels
    assert (channel.kind, channel.name, channel.id) == ("WebchatChannel", "support", ID)
    assert (channel.file, channel.owner, channel.labels) == ("channels/support.yaml", None, {})
    assert channel.health_webhook == "https://monitor.example.com/hook"
    assert channel.spec["webchatSettings"]["corsAllowedOrigins"] == ["https://app.example.com"]


def test_a_file_is_called_as_its_channel() -> None:
    assert places(("channels/help.yaml", text_of())) == [("name-matches-file", "channels/help.yaml", 4, 9)]


def test_a_name_of_the_wrong_form_is_one_mistake_not_two() -> None:
    assert places(("channels/a.yaml", text_of(name="Support"))) == [("name-pattern", "channels/a.yaml", 4, 9)]


def test_the_ending_is_lower_case() -> None:
    assert places(("channels/support.YAML", text_of())) == [("file-name", "channels/support.YAML", 1, 1)]


@pytest.mark.parametrize("twin", ["channels/support.yml", "channels/Support.yaml"])
def test_files_that_differ_in_case_or_ending_alone_are_twins(twin: str) -> None:
    found = places(("channels/support.yaml", text_of()), (twin, text_of(id=OTHER)))
    assert ("file-twin", twin, 1, 1) in found


def test_a_name_or_id_that_is_used_twice_names_both_places() -> None:
    files = (("channels/support.yaml", text_of()), ("channels/eu/support.yaml", text_of()))
    _, findings = judged(*files)
    assert sorted((one.rule, one.file, one.message) for one in findings) == [
        ("id-unique", "channels/eu/support.yaml", f'id "{ID}" is used in channels/support.yaml:6 too'),
        ("id-unique", "channels/support.yaml", f'id "{ID}" is used in channels/eu/support.yaml:6 too'),
        ("name-unique", "channels/eu/support.yaml", 'name "support" is used in channels/support.yaml:4 too'),
        ("name-unique", "channels/support.yaml", 'name "support" is used in channels/eu/support.yaml:4 too'),
    ]


def test_a_file_of_unknown_kind_is_told_the_nearest_one() -> None:
    text = text_of().replace("WebchatChannel", "WebChatChannel")
    [finding] = judged(("channels/support.yaml", text))[1]
    assert (finding.rule, finding.pointer, finding.fix) == (
        "unknown-kind",
        "/kind",
        "did you mean WebchatChannel?",
    )


def test_a_file_without_a_kind_is_told_so() -> None:
    text = text_of().replace("kind: WebchatChannel\n", "")
    [finding] = judged(("channels/support.yaml", text))[1]
    assert (finding.rule, finding.message) == ("required-field", "kind is missing")


def test_of_one_value_the_word_of_code_counts_and_not_that_of_the_pattern() -> None:
    assert places(("channels/support.yaml", text_of(origins='"https://*.example.com"'))) == [
        ("origin-wildcard", "channels/support.yaml", 11, 26)
    ]


def test_an_origin_that_is_there_twice_however_it_is_spelt() -> None:
    origins = "https://app.example.com, https://app.example.com"
    assert [one.rule for one in judged(("channels/support.yaml", text_of(origins=origins)))[1]] == [
        "origin-duplicate"
    ]


@pytest.mark.parametrize("bad", ["[1]", "[null]", "[[a]]", "[{a: b}]", "{}", "true"])
def test_origins_that_are_no_text_are_the_schemas_business(bad: str) -> None:
    text = text_of().replace("[https://app.example.com]", bad)
    assert [one.rule for one in judged(("channels/support.yaml", text))[1]] == ["wrong-type"]


def test_a_flaw_of_writing_hides_no_other_mistake_and_is_said_once() -> None:
    found = places(("channels/support.yaml", text_of(enabled="yes", origins="http://app.example.com")))
    assert found == [
        ("yaml-ambiguous", "channels/support.yaml", 8, 12),
        ("origin-https", "channels/support.yaml", 11, 26),
    ]


def test_a_file_with_a_flaw_is_no_channel() -> None:
    assert judged(("channels/support.yaml", text_of(enabled="yes")))[0] == ()


def test_the_operator_exempts_hosts_and_looks_at_punycode() -> None:
    origins = '"https://localhost:8443", "https://xn--bcher-kva.example.com"'
    file = ("channels/support.yaml", text_of(origins=origins))
    assert {one.rule for one in judged(file)[1]} == {"origin-special-name", "origin-punycode"}
    settings = RuleSettings(("localhost:8443",), ("xn--bcher-kva.example.com",))
    assert judged(file, settings=settings)[1] == []


def spec(**settings: Any) -> dict[str, Any]:
    usual = {
        "webchatUrl": "https://chat.example.com",
        "corsAllowedOrigins": ["https://app.example.com"],
        "authProviderId": "provider-1",
    }
    return {"id": ID, "name": "Support", "enabled": True, "webchatSettings": {**usual, **settings}}


def test_a_merged_spec_is_judged_by_the_same_rules() -> None:
    assert spec_problem(RULEBOOK, "WebchatChannel", spec()) is None
    reason = spec_problem(
        RULEBOOK, "WebchatChannel", spec(corsAllowedOrigins=["https://app.example.com:443"])
    )
    assert reason == (
        '/spec/webchatSettings/corsAllowedOrigins/0: origin-default-port: "https://app.example.com:443" names the'
        ' port that https has anyway; write "https://app.example.com"'
    )


def test_a_file_that_cannot_be_read_is_a_finding() -> None:
    finding = file_finding("file-unreadable", "channels/a.yaml", "Permission denied")
    assert (finding.line, finding.column, finding.message) == (
        1,
        1,
        "the file cannot be read: Permission denied",
    )
