"""The history in a real browser: found by clicking, searched, read by everybody, and quick however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, browsing, needs_browser
from history import BEGAN, history

from reconciler.report.history import History
from reconciler.report.html.site import history_pages, recorded_page

pytestmark = needs_browser
LARGEST = 2_000_000
"""Bytes of a page."""


def write(folder: Path, *, runs: int, channels: int, touched: int) -> None:
    """Write the pages of a made-up history."""
    told = History()
    for run, document in history(runs=runs, channels=channels, touched=touched):
        told.read(run, document)
        page = recorded_page(run, document)
        assert page
        _put(folder, *page)
    chain = {"valid": True, "length": runs, "reason": ""}
    for path, text in history_pages(told, now=BEGAN + runs * timedelta(hours=6), chain=chain):
        _put(folder, path, text)


def _put(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    write(folder, runs=20, channels=8, touched=2)
    return folder


def check(site: Path, path: str, browser: Any) -> None:
    """Look at one page with axe-core, in both schemes."""
    visit = Visit(browser, site / path)
    for one in visit.page.query_selector_all("figure details"):
        one.evaluate("one => { one.open = true; }")
    assert visit.violations() == []
    visit.page.emulate_media(color_scheme="dark")
    assert visit.violations("color-contrast") == []
    assert visit.is_quiet(), (visit.complaints, visit.requests)
    visit.context.close()


@pytest.mark.parametrize("path", ["index.html", "channels/org-1/channel-002.html"])
def test_pages_are_quiet_and_accessible(path: str, site: Path, browser: Any) -> None:
    check(site, path, browser)


@pytest.mark.campaign
@pytest.mark.parametrize("path", ["runs.html", "channels.html", "drift.html", "ends.html"])
def test_the_other_pages_are_quiet_and_accessible_too(path: str, site: Path, browser: Any) -> None:
    check(site, path, browser)


def test_from_the_overview_a_channel_and_its_run_are_two_clicks_away(site: Path, browser: Any) -> None:
    visit = Visit(browser, site / "index.html")
    page = visit.page
    page.get_by_role("link", name="Channels").click()
    page.get_by_label("Search channels").fill("channel-002")
    assert page.locator("#channel-rows > tr").filter(visible=True).count() == 1
    page.get_by_role("link", name="channel-002").click()
    assert page.locator("h1").text_content() == "channel-002"
    page.locator("#events > details").first.locator("summary").click()
    page.locator("#events > details").first.get_by_role("link").click()
    assert page.locator("h1").text_content().startswith(("Run ", "Drift"))
    page.get_by_role("link", name="Overview").click()
    assert page.locator("h1").text_content() == "History"
    assert visit.is_quiet(), (visit.complaints, visit.requests)
    visit.context.close()


def test_runs_are_filtered_by_command(site: Path, browser: Any) -> None:
    visit = Visit(browser, site / "runs.html")
    shown = visit.page.locator("#run-rows > tr").filter(visible=True)
    assert shown.count() == 20
    visit.page.get_by_label("apply").uncheck()
    assert shown.count() == 4
    assert visit.page.get_by_role("status").text_content() == "4 of 20 shown"
    visit.context.close()


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_a_thousand_runs_of_five_hundred_channels_stay_usable(tmp_path: Path, browser: Any) -> None:
    write(tmp_path, runs=1_000, channels=500, touched=25)
    write(tmp_path / "wide", runs=3, channels=500, touched=500)
    largest = max(tmp_path.rglob("*.html"), key=lambda path: path.stat().st_size)
    assert largest.stat().st_size < LARGEST, largest
    for path in ("index.html", "runs.html", "channels.html", "drift.html", "wide/runs/000000000000.html"):
        visit = Visit(browser, tmp_path / path)
        # Not by wait_for_function: where it has to ask twice, the page's own policy keeps it from evaluating.
        paint = visit.page.evaluate(
            """() => new Promise((tell) => new PerformanceObserver((seen) => {
                const painted = seen.getEntriesByName("first-contentful-paint");
                if (painted.length) tell(painted[0].startTime);
            }).observe({ type: "paint", buffered: true }))"""
        )
        assert paint < 1_000, (path, paint)
        visit.context.close()
    visit = Visit(browser, tmp_path / "channels.html")
    took = visit.page.evaluate(
        """() => {
            const box = document.querySelector("input[type=search]");
            box.value = "channel-4"; const began = performance.now();
            box.dispatchEvent(new Event("input", {bubbles: true}));
            document.body.offsetHeight;
            return performance.now() - began;
        }"""
    )
    assert visit.page.locator("#channel-rows > tr").filter(visible=True).count() == 100
    assert took < 300
    visit.context.close()
