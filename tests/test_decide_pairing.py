from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.decide.pairing import (
    Precedence,
    identify,
    live_pins,
    next_version,
    pins,
    pins_to_look_at,
    planned_pin,
    precedes,
)
from reconciler.errors import Unpaired, UsageError
from reconciler.kinds.web_messaging_configuration import WEB_MESSAGING_CONFIGURATION as CONFIGURATION
from reconciler.kinds.web_messaging_deployment import WEB_MESSAGING_DEPLOYMENT as DEPLOYMENT
from reconciler.model import Action, Change, Channel, LiveChannel, Origin

SPEC = {"name": "Messenger", "languages": ["en-us"]}


def configuration(id_: str | None = None, **spec: Any) -> Channel:
    whole = {**SPEC, **spec}
    return Channel(CONFIGURATION.name, "messenger", id_, whole, "channels/messenger.yaml")


def shop(id_: str | None = None, **spec: Any) -> Channel:
    whole = {"name": "Shop", "status": "Active", "configuration": {"ref": "messenger"}, **spec}
    return Channel(DEPLOYMENT.name, "shop", id_, whole, "channels/shop.yaml")


def published(version: str = "3", id_: str = "c1", **fields: Any) -> LiveChannel:
    return CONFIGURATION.read({"id": id_, "version": version, **SPEC, **fields})


def deployed(version: str = "3", id_: str = "d1", name: str = "Shop") -> LiveChannel:
    return DEPLOYMENT.read(
        {"id": id_, "name": name, "status": "Active", "configuration": {"id": "c1", "version": version}}
    )


def ids(*found: Channel) -> list[str | None]:
    return [channel.id for channel in found]


def test_a_file_without_an_id_means_the_one_resource_of_its_name() -> None:
    assert ids(*identify([configuration(), shop()], [published(), deployed()])) == ["c1", "d1"]
    assert ids(*identify([shop()], [deployed(name="Other")])) == [None]


def test_a_resource_that_another_file_names_by_id_is_not_meant_by_its_name() -> None:
    old = Channel(DEPLOYMENT.name, "old", "d1", {**shop().spec, "name": "Old Shop"}, "channels/old.yaml")

    assert ids(*identify([old, shop()], [deployed(), deployed(id_="d2", name="Shop")])) == ["d1", "d2"]


def test_two_of_a_name_are_refused_where_the_file_is_asked_for() -> None:
    live = [deployed(), deployed(id_="d2")]

    with pytest.raises(Unpaired, match=r"2 live deployments have this name \(d1, d2\)"):
        identify([shop()], live)
    assert ids(*identify([shop()], live, frozenset({"other"}))) == [None]


def test_an_id_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(Unpaired, match="no live deployment has the id d9"):
        identify([shop("d9")], [deployed()])


def change(action: Action, live: LiveChannel | None, **spec: Any) -> Change:
    return Change(
        action, CONFIGURATION.name, "messenger", live.id if live else "", configuration(**spec), live
    )


def test_a_reference_is_what_is_published_or_what_will_be() -> None:
    same, new = change(Action.UNCHANGED, published()), change(Action.UPDATE, published())

    assert planned_pin(shop(), deployed(), {"messenger": same}, None, {})[0].spec["configuration"] == {
        "id": "c1",
        "version": "3",
    }
    channel, waits = planned_pin(shop(), deployed(), {"messenger": new}, None, {})
    assert (channel.spec["configuration"], waits) == ({"id": "c1", "version": "4"}, "messenger")
    made = change(Action.CREATE, None)
    assert planned_pin(shop(), None, {"messenger": made}, None, {}) == (shop(), "messenger")


def test_an_older_pin_stays_where_it_holds_what_git_wants() -> None:
    newest = change(Action.UNCHANGED, published())
    older = {("c1", "2"): published("2", position={"alignment": "Left"})}
    other = {("c1", "2"): published("2", languages=["fr-fr"])}

    kept, _ = planned_pin(shop(), deployed("2"), {"messenger": newest}, None, older)
    moved, _ = planned_pin(shop(), deployed("2"), {"messenger": newest}, None, other)

    assert (kept.spec["configuration"]["version"], moved.spec["configuration"]["version"]) == ("2", "3")


def test_what_only_leaves_out_moves_no_pin() -> None:
    new = change(Action.UPDATE, published())
    only = frozenset({"shop"})

    kept, waits = planned_pin(shop(), deployed("2"), {"messenger": new}, only, {})
    assert (kept.spec["configuration"]["version"], waits) == ("2", None)
    with pytest.raises(UsageError, match="add --only messenger"):
        planned_pin(shop(), None, {"messenger": new}, only, {})


def test_the_pin_that_drift_wants_is_that_of_what_is_published_as_git_wants_it() -> None:
    files = [configuration("c1"), shop("d1")]

    assert pins(files, [published(), deployed("2")], {})[1].spec["configuration"]["version"] == "3"
    moved = [published("4", languages=["fr-fr"]), deployed("2")]
    assert pins(files, moved, {})[1].spec["configuration"]["version"] == "2"
    assert live_pins(files, [deployed("2")])[1].spec["configuration"]["version"] == "2"


def test_only_pins_that_are_not_the_newest_are_looked_at() -> None:
    files = [configuration("c1"), shop("d1")]

    assert pins_to_look_at(files, [published(), deployed("3")]) == ()
    assert pins_to_look_at(files, [published(), deployed("2")]) == (("c1", "2"),)
    assert pins_to_look_at([shop("d1")], [published(), deployed("2")]) == ()


def test_a_configuration_comes_before_what_pins_it_and_goes_after_it() -> None:
    update = change(Action.UPDATE, published())
    gone = Change(Action.DELETE, CONFIGURATION.name, "messenger", "c1", None, published())
    pinning = Change(Action.UPDATE, DEPLOYMENT.name, "shop", "d1", shop(), deployed(), waits_for="messenger")
    alone = Change(Action.UPDATE, DEPLOYMENT.name, "shop", "d1", shop(), deployed())

    assert precedes(update, pinning)
    assert not precedes(pinning, update)
    assert not precedes(update, alone)
    assert precedes(alone, gone)
    assert not precedes(update, gone)


def test_the_version_after_a_draft_is_the_first() -> None:
    draft = CONFIGURATION.read({"id": "c1", "version": "DRAFT", "name": "Messenger"})

    assert (next_version(draft), next_version(published("9"))) == ("1", "10")


def test_a_change_is_given_the_ends_that_it_waits_for_and_no_others() -> None:
    gone = Change(Action.DELETE, CONFIGURATION.name, "messenger", "c1", None, published())
    new = Change(Action.CREATE, CONFIGURATION.name, "messenger", "", configuration(), None)
    other = Change(Action.CREATE, CONFIGURATION.name, "other", "", configuration(), None)
    pinning = Change(Action.UPDATE, DEPLOYMENT.name, "shop", "d1", shop(), deployed(), waits_for="messenger")
    ends: Precedence[str] = Precedence()
    for name, one in {"gone": gone, "new": new, "other": other, "pinning": pinning}.items():
        ends.add(one, name)

    assert [list(ends.before(one)) for one in (gone, new, other, pinning)] == [
        ["pinning"],
        [],
        [],
        ["gone", "new"],
    ]


def test_the_pin_that_a_reference_of_an_overlay_means_is_the_overlays() -> None:
    place = Origin("overlays/emea/shop.yaml", 3, 10)
    overlaid = {("configuration", "ref"): place}
    [found] = pins(
        [configuration("c1"), replace(shop("d1"), overlaid=overlaid)], [published(), deployed()], {}
    )[1:]
    assert found.origin(("configuration", "version")) == place
    assert found.origin(("name",)) is None
