from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from build import ADMIN, APP, SETTINGS, document, spec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.decide.diff import compare
from reconciler.decide.fields import holds
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Exposure, FieldChange

ORIGINS = ("webchatSettings", "corsAllowedOrigins")
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(0, 1)
    | st.sampled_from([0.0, 1.0, "", "a\nb", [1], [True], {"a": 1}])
)


def test_equal_channels_have_no_differences() -> None:
    assert compare(WEBCHAT, document(), spec()) == ()


def test_each_managed_field_that_differs_is_named_in_the_order_of_paths() -> None:
    live = document(name="Old", enabled=False, corsAllowedOrigins=[APP])
    assert compare(WEBCHAT, live, spec()) == (
        FieldChange(("enabled",), False, True, Exposure.WIDENS),
        FieldChange(("name",), "Old", "Secure Webchat Endpoint", Exposure.NEUTRAL),
        FieldChange(ORIGINS, [APP], [ADMIN, APP], Exposure.WIDENS),
    )


def test_fields_that_git_leaves_out_are_not_compared() -> None:
    live = document(description="theirs", webchatId="theirs", future=1)
    assert compare(WEBCHAT, live, spec(description=..., webchatId=...)) == ()


def test_a_set_in_another_order_and_with_repetitions_is_the_same_set() -> None:
    assert compare(WEBCHAT, document(corsAllowedOrigins=[APP, ADMIN, APP]), spec()) == ()


def test_a_field_that_is_not_live_has_no_value_before() -> None:
    assert compare(WEBCHAT, document(description=...), spec(description="new")) == (
        FieldChange(("description",), None, "new", Exposure.NEUTRAL),
    )


def test_a_field_that_the_remote_writes_as_null_is_not_live() -> None:
    assert compare(WEBCHAT, document(description=None), spec(description="new"))[0].before is None


def test_settings_of_an_odd_type_differ_in_every_field() -> None:
    changes = compare(WEBCHAT, {**document(), "webchatSettings": "odd"}, spec())
    assert [(change.path[-1], change.before) for change in changes] == [
        (name, None) for name in sorted(SETTINGS)
    ]


@pytest.mark.parametrize("value", [1, 1.0, "true", [True]])
def test_a_value_of_another_type_differs(value: Any) -> None:
    assert compare(WEBCHAT, document(enabled=value), spec()) == (
        FieldChange(("enabled",), value, True, Exposure.WIDENS),
    )


def test_a_list_that_differs_in_nothing_but_types_differs() -> None:
    changes = compare(WEBCHAT, document(corsAllowedOrigins=[1]), spec(corsAllowedOrigins=[True]))
    assert [change.path for change in changes] == [ORIGINS]


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*SETTINGS, "name", "enabled"), VALUES)))
def test_a_channel_differs_in_exactly_the_fields_whose_json_differs(fields: dict[str, Any]) -> None:
    live, wanted = WEBCHAT.normalise(document(**fields)), WEBCHAT.normalise(spec())
    odd = {
        name for name, value in fields.items() if value is not None or name in ("name", "enabled", *SETTINGS)
    }
    assert {change.path[-1] for change in compare(WEBCHAT, document(**fields), spec())} == {
        name for name in odd if repr(_value(live, name)) != repr(_value(wanted, name))
    }


def _value(normal: Any, name: str) -> Any:
    return (normal["webchatSettings"] if name in SETTINGS else normal).get(name)


def test_deepdiff_is_not_loaded_where_nothing_differs() -> None:
    script = (
        "import sys; from reconciler.decide.diff import compare; from reconciler.kinds.webchat import WEBCHAT;"
        "compare(WEBCHAT, {'id': 'a', 'version': 1}, {'id': 'a'}); print('deepdiff' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys((*SETTINGS, "name", "enabled"), VALUES)),
    st.fixed_dictionaries({}, optional=dict.fromkeys((*SETTINGS, "name", "enabled"), VALUES)),
)
def test_the_quick_look_sees_no_difference_only_where_there_is_none(
    live: dict[str, Any], wanted: dict[str, Any]
) -> None:
    closely = replace(WEBCHAT, is_fieldwise=False)
    assert compare(WEBCHAT, document(**live), spec(**wanted)) == compare(
        closely, document(**live), spec(**wanted)
    )


@pytest.mark.parametrize("values", [(1, True), (1, 1.0), ([1], [True]), (None, []), (0.0, -0.0), ("", None)])
def test_the_quick_look_tells_types_apart(values: tuple[Any, Any]) -> None:
    one, other = values
    assert not holds({"a": {"b": one}}, {"a": {"b": other}})
    assert holds({"a": {"b": ["x"], "c": 1}, "d": 2}, {"a": {"b": ["x"]}})
