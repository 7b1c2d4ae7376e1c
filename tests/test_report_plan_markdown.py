"""The plan as a comment: short enough, whole after any cut, worst first, and inert whatever the YAML says."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from build import ADMIN, APP, BINDING, channel, identity, live
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import faults

from reconciler.decide.plan import make_plan
from reconciler.decide.saved_plan import plan_document
from reconciler.report.drift_markdown import drift_section
from reconciler.report.markdown import document_markdown
from reconciler.report.plan_markdown import Extras, plan_markdown

HOSTILE = [
    *(
        "</details>",
        "<details>",
        "<script>alert(1)</script>",
        "<img src=x onerror=y>",
        "<!-- reconciler:plan:x -->",
    ),
    *(
        "```",
        "````diff",
        "`",
        "``",
        "~~~",
        "|",
        "\\|",
        "| a | b |",
        "\\",
        "* * *",
        "# title",
        "> quote",
        "- item",
    ),
    *(
        "@everyone",
        "@org/team",
        "#1",
        "GH-1",
        "owner/repo#1",
        "a1b2c3d4e5f6",
        "https://evil.example",
        "www.evil.example",
    ),
    *(
        "[text](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "[x]: https://evil.example",
        "<https://evil>",
    ),
    *(
        "\n\n## injected\n\n",
        "\r\n",
        "\t",
        "\u202e",
        "\u200b",
        "\u2028",
        "&lt;b&gt;",
        "&#64;all",
        "**bold**",
        "__x__",
    ),
    *("::error::x", "##[group]", "\n::set-output name=x::y", ":smile:", "$x^2$", "$$", "", " ", "a" * 5_000),
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
    st.text(alphabet="`|<>@#[]()!*_~\\\n\r\t:&;-=/. a1", max_size=40),
    st.text(max_size=20),
)
OWN = {"command", "action", "exposure", "state", "side", "certainty", "class", "kind"}


@functools.cache
def plan_of(number: int, *, one_edit: bool = False, widening: int = 50) -> dict[str, Any]:
    wanted = [
        channel(f"channel-{place:04}", id=identity(place), description="New" if one_edit else f"New {place}")
        for place in range(number)
    ]
    there = [
        live(
            id=identity(place),
            **({"corsAllowedOrigins": [APP]} if widening and place % widening == 7 else {}),
        )
        for place in range(number)
    ]
    return plan_document(make_plan(BINDING, wanted, there, []), {"GET": 10})


DRIFT = {
    "command": "drift",
    "verdict": "drift widens: 1 channel moved",
    "organisation": "org-1",
    "drifted": 1,
    "exposure": "widens",
    "summary": {},
    "requests": {"GET": 2},
    "channels": [
        {
            "name": "support",
            "state": "drifted",
            "exposure": "widens",
            "there": True,
            "fields": [
                {
                    "path": "/webchatSettings/corsAllowedOrigins",
                    "applied": [APP],
                    "live": [APP, ADMIN],
                    "desired": [APP],
                    "attribution": {
                        "certainty": "exact",
                        "actor": {"id": "1", "name": "Dana"},
                        "when": "then",
                    },
                }
            ],
            "remedies": [{"side": "live", "does": "writes it", "commands": ["reconciler adopt support"]}],
        }
    ],
    "audit": {"complete": False, "reason": "403", "omitted": []},
}


@pytest.mark.parametrize("number", [0, 1, 3, 40, 1000])
@pytest.mark.parametrize("limit", [12_000, 65_000])
def test_a_page_is_never_longer_than_its_limit_and_always_whole(number: int, limit: int) -> None:
    document = plan_of(number)
    page = plan_markdown(document, limit=limit, extras=Extras(drift_section(DRIFT), "https://x.example"))
    assert len(page.encode()) <= limit
    assert document["digest"] in page
    assert document["verdict"].split(":")[0] in page.splitlines()[1]
    assert [fault for fault in faults(page) if "https://x.example" not in fault and "link" not in fault] == []


def test_a_thousand_changes_are_readable() -> None:
    page = plan_markdown(plan_of(1000))
    assert all(f"channel-{place:04}" in page for place in range(1000))
    assert page.count("<details>") > 100
    assert "| **widens** |  | 20 |  |" in page
    assert "| neutral |  | 980 |  |" in page
    assert "by name" in page


def test_the_worst_stands_in_full_and_first() -> None:
    page = plan_markdown(plan_of(1000), limit=20_000)
    before_first_neutral = page.partition("· neutral")[0]
    assert before_first_neutral.count("<b>widens</b>") == 20
    assert before_first_neutral.count('+   "https://admin.example.com"') == 20


def test_the_same_edit_is_folded_over_channels() -> None:
    page = plan_markdown(plan_of(143, one_edit=True, widening=0))
    assert page.count("<details>") == 1
    assert "and 142 channels with the same change" in page
    assert page.count('+   "New"') == 1


def test_a_plan_without_changes_is_three_lines() -> None:
    document = plan_document(make_plan(BINDING, [channel()], [live()], []), {"GET": 1})
    page = plan_markdown(document)
    assert "No channel changes" in page
    assert "<details>" not in page


def test_drift_has_a_section_of_its_own_below_the_changes() -> None:
    page = plan_markdown(plan_of(40), extras=Extras(drift=drift_section(DRIFT)))
    assert page.index("<b>widens</b>") < page.index("Drift, not part of this change")
    assert len(page.encode()) <= 65_000
    nothing = {**DRIFT, "channels": []}
    assert drift_section(nothing) == ""


def test_a_thousand_drifted_channels_do_not_bury_the_change() -> None:
    many = {**DRIFT, "channels": [{**DRIFT["channels"][0], "name": f"drifted-{n}"} for n in range(1000)]}
    page = plan_markdown(plan_of(3), extras=Extras(drift=drift_section(many)))
    assert len(drift_section(many).encode()) <= 10_000
    assert page.count('+   "New') == 3


def hostile(document: Any, draw: Callable[[], str], key: str = "") -> Any:
    if isinstance(document, dict):
        return {name: hostile(value, draw, name) for name, value in document.items()}
    if isinstance(document, list):
        return [hostile(value, draw, key) for value in document]
    return draw() if isinstance(document, str) and key not in OWN else document


def sample() -> dict[str, Any]:
    """A plan with something in each part of it."""
    wanted = [channel(id=identity(1), description="New"), channel("new", id=identity(2))]
    there = [live(id=identity(1), corsAllowedOrigins=[APP]), live(id=identity(3), name="Stranger")]
    document = plan_document(make_plan(BINDING, wanted, there, []), {"GET": 1})
    return document | {"webhooks": [{"name": "hook", "action": "create", "address": "https://hook"}]}


def hostile_page(words: list[str], limit: int = 65_000) -> str:
    """Put these texts, in turn, wherever somebody else's text stands."""
    draw = itertools.cycle(words).__next__
    document, drift = hostile(sample(), draw), hostile(DRIFT, draw)
    return plan_markdown(document | {"held": draw()}, limit=limit, extras=Extras(drift_section(drift)))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_each_hostile_text_stays_text(text: str) -> None:
    assert faults(hostile_page([text])) == []
    assert faults(document_markdown(hostile(DRIFT, lambda: text))) == []


@settings(max_examples=40)
@given(st.lists(texts, min_size=1, max_size=7), st.sampled_from([12_000, 65_000]))
def test_nothing_that_stands_in_a_plan_or_a_drift_is_more_than_text(words: list[str], limit: int) -> None:
    page = hostile_page(words, limit)
    assert faults(page) == []
    assert len(page.encode()) <= limit
    assert faults(document_markdown(hostile(DRIFT, itertools.cycle(words).__next__))) == []


def test_the_check_itself_finds_what_is_not_inert() -> None:
    for text in ("<script>", "@dana", "[a](b)", "https://x.example", "<details>", "see #12", "![a](b)"):
        assert faults(f"a {text} b"), text
    assert faults("```\nnot closed\n") == []
