from __future__ import annotations

import itertools
import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired.scalar import NUMBER_LIMIT, WHOLE_LIMIT, Unclear, is_plain_text, read_plain
from reconciler.model import Json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-7", -7),
        ("12", 12),
        ("0.5", 0.5),
        ("-1.10", -1.1),
        ("9007199254740991", WHOLE_LIMIT),
        ("-9007199254740991", -WHOLE_LIMIT),
    ],
)
def test_what_every_reader_reads_alike_is_read_so(text: str, value: Json) -> None:
    assert (read_plain(text), type(read_plain(text))) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "word",
            "nUll",
            "tRUE",
            "nothing",
            "yesterday",
            "nope",
            "offer",
            "one",
            "Norway",
            "y2",
            "-",
            "--",
            "a-b",
        ),
        *(
            "1.2.3",
            "192.0.2.1",
            "10.0.0.0/8",
            "1a",
            "0xg",
            "0b2",
            "0o8",
            "-x",
            "+x",
            ".x",
            ".",
            "..",
            "...",
            "1-2",
        ),
        *(
            "12:60",
            "12:3a",
            "2024-13",
            "2024-01-02-launch",
            "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
            "1e",
            "e3",
        ),
        *(
            "==",
            "<",
            "<<<",
            "https://app.example.com",
            "reconciler/v1",
            "１２",
            "_1",
            "--1",
            "1 000",
            "1,000",
        ),
    ],
)
def test_what_every_reader_takes_for_text_is_text(text: str) -> None:
    assert read_plain(text) is text
    assert is_plain_text(text)


@pytest.mark.parametrize(
    "text",
    [
        *("y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"),
        *("012", "00", "-012", "08", "0o14", "0O14", "0b11", "0x1F", "-0x1f", "0x_f", "1_000", "1__0", "1_"),
        *("+1", "+0", "1.", ".5", "-.5", "+.5", "1e3", "1E3", "1e+3", "1.5e-3", ".5e1", "1_0.5", "1._5"),
        *("12:30", "12:30:45", "1:2", "-1:30", "190:20:30.15", "01:30", "0:0"),
        *(
            "2024-01-02",
            "2026-13-45",
            "2024-1-2",
            "2024-01-02T03:04:05Z",
            "2024-01-02 03:04:05",
            "0000-00-00",
        ),
        *("=", "<<"),
    ],
)
def test_what_readers_of_two_versions_read_differently_is_refused(text: str) -> None:
    found = read_plain(text)
    assert isinstance(found, Unclear)
    assert found.rule == "yaml-ambiguous"
    assert f'quote it: "{text}"' in found.fix
    assert not is_plain_text(text)


@pytest.mark.parametrize(
    "text",
    [
        *(".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN"),
        *("9007199254740992", "-9007199254740992", "9007199254740992.5", "0.1234567890123456", "1" * 5_000),
    ],
)
def test_a_number_that_json_cannot_keep_is_refused(text: str) -> None:
    found = read_plain(text)
    assert isinstance(found, Unclear)
    assert found.rule == "yaml-number"
    assert len(found.message) < 150


def test_the_longest_number_is_the_last_that_is_allowed() -> None:
    assert read_plain("0." + "1" * (NUMBER_LIMIT - 2)) == float("0." + "1" * (NUMBER_LIMIT - 2))


def test_true_and_false_are_what_no_and_off_should_have_been() -> None:
    assert read_plain("no") == Unclear(
        "yaml-ambiguous",
        "no is true or false to YAML 1.1, and text to YAML 1.2",
        'write true or false, or quote it: "no"',
    )


# YAML 1.2.2, section 10.3.2, written down from the table there.
CORE_NULL = re.compile("null|Null|NULL|~|")
CORE_TRUTH = re.compile("true|True|TRUE|false|False|FALSE")
CORE_WHOLE = re.compile("[-+]?[0-9]+")
CORE_OTHER = re.compile("0o[0-7]+|0x[0-9a-fA-F]+")
CORE_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
CORE_SPECIAL = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


def read_as_1_2(text: str) -> Json:
    """Read a plain scalar by the core schema of YAML 1.2."""
    if CORE_NULL.fullmatch(text):
        return None
    if CORE_TRUTH.fullmatch(text):
        return text.lower() == "true"
    if CORE_WHOLE.fullmatch(text):
        return int(text)
    if CORE_OTHER.fullmatch(text):
        return int(text, 0)
    if CORE_FLOAT.fullmatch(text):
        return float(text)
    return ... if CORE_SPECIAL.fullmatch(text) else text


def read_as_1_1(text: str) -> Json:
    """Read a plain scalar as PyYAML does, and by the type pages where it leaves something out."""
    if re.fullmatch("y|Y|n|N", text):
        return text in "yY"
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError, OverflowError):
        return ...
    finally:
        loader.dispose()


def agrees(text: str) -> bool:
    """Say whether a scalar is refused, or read by both versions as it is here."""
    found = read_plain(text)
    readings = [(type(value), value) for value in (found, read_as_1_1(text), read_as_1_2(text))]
    return isinstance(found, Unclear) or readings == [readings[0]] * 3


NUMERIC = st.text("0123456789+-_.:eExXoObBaAfFnN TtZz~=<", max_size=14)
WORDLIKE = st.sampled_from(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".inf", ".nan", "=", "<<"]
)


@given(
    NUMERIC | WORDLIKE.flatmap(lambda word: st.sampled_from([word, word.upper(), word.title(), "-" + word]))
)
@example("0")
@example("-0")
@example("1.")
@example("0.1")
@example("0_1")
@example("685_230.15")
@example("2001-12-14t21:59:43.10-05:00")
def test_an_accepted_scalar_is_the_same_to_both_versions(text: str) -> None:
    assert agrees(text)


# What begins with one of !&* is a tag, an anchor or an alias, and never reaches a resolver.
@given(st.text(max_size=12).filter(lambda text: not text.startswith(("!", "&", "*"))))
def test_any_accepted_text_is_the_same_to_both_versions(text: str) -> None:
    assert agrees(text)


def test_every_short_scalar_is_the_same_to_both_versions_or_refused() -> None:
    texts = (
        "".join(letters)
        for size in range(4)
        for letters in itertools.product("01.:-_+eExynoO~=<", repeat=size)
    )
    assert [text for text in texts if not agrees(text)] == []


@given(st.text(max_size=30))
def test_every_text_has_a_reading_or_a_reason(text: str) -> None:
    found = read_plain(text)
    assert found is None or isinstance(found, bool | int | float | str | Unclear)
    assert is_plain_text(text) == (found == text)
