"""The history: folded from records one by one, whatever they hold, and written as pages that link up."""

from __future__ import annotations

import posixpath
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import APP, DRIFT, NEW, ORIGINS, RUN, WHEN, JsonDict, outcome, probe
from test_report_html import Parsed

from reconciler.model import Exposure
from reconciler.report.history import EVENTS, History, fold
from reconciler.report.html.site import Ending, history_pages, recorded_page

NOW = datetime(2026, 3, 5, tzinfo=UTC)
CHAIN = {"valid": True, "length": 2, "reason": ""}


def applied(run: str, when: str, origins: list[str], *, action: str = "update", **fields: object) -> JsonDict:
    """Give a record of one apply that set the origins of `support`."""
    change = {
        "name": "support",
        "kind": "WebchatChannel",
        "id": "id-support",
        "changes": [{"path": ORIGINS, "before": None, "after": origins, "exposure": "widens"}],
        "desired": {
            "spec": {"webchatSettings": {"corsAllowedOrigins": origins}},
            "file": "channels/support.yaml",
            "owner": "digital",
        },
    }
    return {
        "command": "apply",
        "run": run,
        "when": when,
        "exit": 0,
        "organisation": "org-1",
        "plan": {"channels": [change]},
        "outcomes": [outcome("support", action=action)],
        "probes": [probe()],
        "requests": {"GET": 1, "PUT": 1},
    } | fields


def pages(history: History) -> dict[str, str]:
    return dict(history_pages(history, now=NOW, chain=CHAIN))


def test_an_apply_settles_what_a_channel_is() -> None:
    history = fold([("r1", applied("r1", WHEN, [APP, NEW]))])
    (row,) = history.runs
    assert (row.run, row.exit, row.origins, row.checks, row.failed_checks, row.requests) == (
        "r1",
        0,
        2,
        1,
        0,
        2,
    )
    assert (row.exposure, row.widened, list(row.seconds)) == (Exposure.WIDENS, True, [0.142])
    track = history.tracks["org-1", "support"]
    assert (track.kind, track.owner, track.file) == ("WebchatChannel", "digital", "channels/support.yaml")
    assert (track.origins, track.certificate) == ((APP, NEW), "2026-05-01T00:00:00.000Z")
    (event,) = track.events
    assert (event.what, event.who, event.views[0].added) == ("applied", "Git", (f'"{APP}"', f'"{NEW}"'))


def test_a_change_that_was_not_applied_changes_nothing_but_is_told() -> None:
    clash = [{"path": "/name", "base": "Old", "theirs": "Dana's", "ours": "New"}]
    lost = outcome("support", "clashed", reason="somebody moved it", clashes=clash)
    history = fold(
        [("r1", applied("r1", WHEN, [APP])), ("r2", applied("r2", WHEN, [APP, NEW], outcomes=[lost]))]
    )
    track = history.tracks["org-1", "support"]
    assert track.origins == (APP,)
    assert [event.what for event in track.events] == ["applied", "clashed"]
    assert (track.events[1].detail, track.events[1].views[0].added) == ("somebody moved it", ('"Dana\'s"',))
    assert [row.exposure for row in history.runs] == ["widens", ""]


def test_a_deleted_channel_exposes_nothing() -> None:
    gone = applied("r2", WHEN, [], outcomes=[outcome("support", action="delete")])
    history = fold([("r1", applied("r1", WHEN, [APP])), ("r2", gone)])
    assert history.tracks["org-1", "support"].deleted
    assert [row.origins for row in history.runs] == [1, 0]


def test_drift_is_one_event_however_often_it_is_seen_and_names_who_did_it() -> None:
    looks = [("d1", DRIFT), ("d2", DRIFT)]
    history = fold([("r1", applied("r1", WHEN, [APP])), *looks])
    track = history.tracks["org-1", "support"]
    assert [event.what for event in track.events] == ["applied", "drifted"]
    assert (track.events[1].who, track.events[1].exposure) == ("Dana", "widens")
    assert "(exact)" in track.events[1].detail
    assert (track.state, history.movers) == ("drifted", {"Dana": 1})
    assert history.tracks["org-1", "sales"].state == "pending"
    assert ("org-1", "Stranger") not in history.tracks
    calm = {**DRIFT, "channels": [], "verdict": "no drift"}
    history.read("d3", calm)
    assert track.state == ""
    history.read("d4", DRIFT)
    assert history.movers == {"Dana": 2}


def test_the_same_name_in_two_organisations_is_two_channels() -> None:
    other = {**applied("r2", WHEN, [APP]), "organisation": "org-2"}
    history = fold([("r1", applied("r1", WHEN, [APP, NEW])), ("r2", other)])
    assert [row.origins for row in history.runs] == [2, 1]
    assert {"channels/org-1/support.html", "channels/org-2/support.html"} <= set(pages(history))


def test_only_the_newest_events_of_a_channel_are_kept_and_the_rest_is_counted() -> None:
    history = fold((f"r{number}", applied(f"r{number}", WHEN, [APP])) for number in range(EVENTS + 3))
    track = history.tracks["org-1", "support"]
    assert (len(track.events), track.left_out, track.events[-1].run) == (EVENTS, 3, f"r{EVENTS + 2}")
    assert "3 older events are left out here" in pages(history)["channels/org-1/support.html"]


def test_pages_say_what_happened() -> None:
    told = [("r1", applied("r1", WHEN, [APP])), ("d1", DRIFT)]
    waiver = Ending("2026-03-10", 5, "waiver", "sales", "origin-punycode")
    made = dict(history_pages(fold(told), now=NOW, chain=CHAIN, endings=[waiver]))
    index = Parsed(made["index.html"]).words()
    for words in (
        "The chain of 2 records holds",
        "runs recorded 2",
        "origins allowed 1",
        "drifted now 1",
        "ends next 2026-03-10",
        "p50 142 ms",
        "1 of 1 since the first run",
        "1 now, 2 widening events",
    ):
        assert words in index
    ends = Parsed(made["ends.html"]).words()
    assert "2026-05-01 57 certificate support wss://support.example.com/webchat" in ends
    assert "2026-03-10 5 waiver sales origin-punycode" in ends
    assert "Dana 1" in Parsed(made["drift.html"]).words()
    assert "support" in Parsed(made["channels.html"]).words()


def test_a_broken_chain_is_the_first_thing_that_is_said() -> None:
    broken = {"valid": False, "length": 2, "reason": "it was changed"}
    index = Parsed(dict(history_pages(History(), now=NOW, chain=broken))["index.html"]).words()
    assert "The chain of 2 records is broken: it was changed" in index
    assert "No run is recorded yet." in index


def test_every_link_of_every_page_leads_to_a_page() -> None:
    told = [("r1", applied("r1", WHEN, [APP])), ("0a1b2c3d4e5f", RUN), ("d1", DRIFT)]
    made = pages(fold(told)) | dict(page for run, one in told if (page := recorded_page(run, one)))
    links = 0
    for path, text in made.items():
        for target in re.findall(r'href="([^"#]+)"', text):
            links += 1
            assert posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) in made, (path, target)
    assert links > 60


NAMES = st.sampled_from(
    re.findall(
        r"\w+",
        "command when organisation outcomes probes plan channels fields attribution actor certificate desired spec"
        " name result kind id state exit requests GET webchatSettings corsAllowedOrigins seconds notAfter path"
        " allowedDomains allowAllDomains configuration status messenger",
    )
)
VALUES = st.sampled_from(
    [
        "apply",
        "drift",
        WHEN,
        "org-1",
        "../../etc",
        "applied",
        "drifted",
        "delete",
        "WebchatChannel",
        "WebMessagingDeployment",
        "WebMessagingConfiguration",
        "\ud800",
        "x" * 300,
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(NAMES, ANYTHING, max_size=10), max_size=4))
def test_records_may_hold_anything_and_pages_stay_in_their_folder(documents: list[JsonDict]) -> None:
    told = [(f"r{number}", {"when": WHEN, "command": "apply"} | one) for number, one in enumerate(documents)]
    history = fold(told)
    assert len(history.runs) + history.unreadable == len(told)
    for path in pages(history):
        assert re.fullmatch(r"[a-z]+\.html|channels/[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*\.html", path)


@pytest.mark.parametrize("hours", [0, 1, 24 * 400])
def test_charts_hold_any_span_of_time(hours: int) -> None:
    later = (datetime.fromisoformat(WHEN) + timedelta(hours=hours)).isoformat()
    index = pages(fold([("r1", applied("r1", WHEN, [APP])), ("r2", applied("r2", later, [APP, NEW]))]))[
        "index.html"
    ]
    numbers = [
        float(number) for number in re.findall(r'(?:x|y|cx|cy|x1|y1|width|height)="(-?[0-9.]+)"', index)
    ]
    assert all(0 <= number <= 600 for number in numbers)
    assert "nan" not in index.lower().replace("finance", "")
