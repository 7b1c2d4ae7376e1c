"""The accelerator of JSON Schema against the authority: one verdict, whatever a channel file may hold."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from build import spec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acts.load import load_schemas
from reconciler.desired.check import Check
from reconciler.desired.words import HIDDEN_IN_VALUE

WEBCHAT = {
    "apiVersion": "reconciler/v1",
    "kind": "WebchatChannel",
    "metadata": {"name": "a", "owner": "team", "labels": {"tier": "gold"}},
    "spec": spec(),
    "monitoring": {"healthWebhook": "https://monitor.example.com/hooks"},
}
CONFIGURATION = {
    "apiVersion": "reconciler/v1",
    "kind": "WebMessagingConfiguration",
    "metadata": {"name": "b"},
    "spec": {
        "name": "B",
        "description": "one",
        "languages": ["en-us"],
        "defaultLanguage": "en-us",
        "headlessMode": {"enabled": True},
        "messenger": {"enabled": True, "styles": {"primaryColor": "#ff0000"}},
        "position": {"alignment": "Auto", "sideSpace": 20, "bottomSpace": 12},
    },
}
DEPLOYMENT = {
    "apiVersion": "reconciler/v1",
    "kind": "WebMessagingDeployment",
    "metadata": {"name": "c"},
    "spec": {
        "name": "C",
        "status": "Active",
        "allowAllDomains": False,
        "allowedDomains": ["app.example.com", "example.org"],
        "configuration": {"id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "version": "3"},
    },
}
CHECKS = {str(schema["properties"]["kind"]["const"]): Check(schema) for schema in load_schemas().values()}
TEXTS = [
    *(
        "",
        " ",
        "a",
        "A b",
        "a\n",
        "a\r",
        "\na",
        "a ",
        "ünï",
        "\u00a0",
        "\u2003x",
        "𝒳",
        "٣",
        "１",
        "none",
        "nUll",
        "#FF00FF",
    ),
    *(
        "https://a.example.com",
        "https://a.example.com/x",
        "https://a b",
        "app.example.com",
        "en-us",
        "Active",
        "3",
        "03",
    ),
    *("a1b2c3d4-e5f6-7890-abcd-ef1234567890", "x" * 64, "x" * 257, "😀" * 256, "10.0.0.0/8", "reconciler/v1"),
]
NUMBERS = st.integers(-3, 300) | st.sampled_from([0.5, 1.0, 2.0, 2**53 - 1])
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(TEXTS) | st.text(max_size=8)
VALUES = (
    SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), SCALARS, max_size=2)
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Give every place of a document that can be changed: its container, and key or index."""
    found = []
    for step, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        found.append((value, step))
        if isinstance(inner, dict | list):
            found += spots(inner)
    return found


def has_hidden(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_hidden(key) or has_hidden(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(has_hidden, value))
    return isinstance(value, str) and bool(re.search(HIDDEN_IN_VALUE, value))


@pytest.mark.parametrize("whole", [WEBCHAT, CONFIGURATION, DEPLOYMENT], ids=lambda whole: whole["kind"])
@given(data=st.data())
def test_both_validators_give_one_verdict(whole: dict[str, Any], data: st.DataObject) -> None:
    check, value = CHECKS[whole["kind"]], copy.deepcopy(whole)
    assert check(value) == check.problems_of_file(value) == ()
    for _ in range(data.draw(st.integers(1, 3))):
        container, step = data.draw(st.sampled_from(spots(value)))
        match data.draw(st.sampled_from(["replace", "delete", "add", "twice"])):
            case "replace":
                container[step] = data.draw(VALUES)
            case "delete":
                del container[step]
            case "add" if isinstance(container, dict):
                container[data.draw(st.sampled_from(["extra", *TEXTS]))] = data.draw(VALUES)
            case _ if isinstance(container, list):
                container.append(copy.deepcopy(container[step]))
        if not spots(value):
            break
    if not has_hidden(value):
        passed = check._passes(value)
        assert not passed or check(value) == ()
        # The accelerator earns its keep: it passes what is valid, unless it has a fraction in it.
        assert passed or check(value) or "." in repr(value)


@pytest.mark.parametrize("number", [1.0, 20.0])
def test_a_fraction_is_no_whole_number_although_the_accelerator_thinks_so(number: float) -> None:
    value = copy.deepcopy(CONFIGURATION)
    value["spec"]["position"]["sideSpace"] = number  # type: ignore[index]
    problems = CHECKS["WebMessagingConfiguration"].problems_of_file(value)
    assert [problem.rule for problem in problems] == ["wrong-type"]


def test_messages_are_those_of_the_authority() -> None:
    value = copy.deepcopy(WEBCHAT)
    value["spec"]["enabled"] = "yes"
    check = CHECKS["WebchatChannel"]
    assert check.problems_of_file(value) == check(value) != ()
