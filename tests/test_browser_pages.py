"""Pages in a real browser: they open from a file, ask for nothing, and can be used by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, browsing, needs_browser
from samples import DRIFT, PLAN, RUN, with_text_everywhere

from reconciler.report.html.documents import document_html

pytestmark = needs_browser
PAGES = {"plan": PLAN, "apply": RUN, "drift": DRIFT}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture
def page(request: pytest.FixtureRequest, tmp_path: Path, browser: Any) -> Iterator[Visit]:
    """Open the page of the document that the test names."""
    document, context = request.param
    path = tmp_path / "page.html"
    path.write_text(document_html(document))
    visit = Visit(browser, path, **context)
    yield visit
    visit.context.close()


def opened(document: Any, **context: Any) -> Any:
    """Name the page that a test is about."""
    return pytest.mark.parametrize("page", [(document, context)], indirect=True)


@pytest.mark.parametrize("page", [(document, {}) for document in PAGES.values()], indirect=True, ids=PAGES)
def test_pages_are_quiet_and_accessible(page: Visit) -> None:
    assert page.is_quiet(), (page.complaints, page.requests)
    for card in page.page.query_selector_all("details"):
        card.evaluate("one => { one.open = true; }")
    assert page.violations() == []
    page.page.emulate_media(color_scheme="dark")
    assert page.violations("color-contrast") == []


@pytest.mark.parametrize(
    "page",
    [(with_text_everywhere(document, "<img src=x onerror=alert(1)>"), {}) for document in PAGES.values()],
    indirect=True,
    ids=PAGES,
)
def test_hostile_values_load_and_run_nothing(page: Visit) -> None:
    assert page.page.query_selector("img") is None
    assert page.is_quiet()


@opened(PLAN)
def test_search_and_filters_leave_what_was_asked_for(page: Visit) -> None:
    cards = page.page.locator("#change-cards > details")
    told = page.page.get_by_role("status")
    assert told.text_content() == "3 of 3 shown"
    page.page.get_by_label("Search changes").fill("support")
    assert told.text_content() == "1 of 3 shown"
    assert cards.filter(visible=True).count() == 1
    page.page.get_by_label("Search changes").fill("")
    page.page.get_by_label("widens").uncheck()
    assert told.text_content() == "1 of 3 shown"
    assert "retired" in cards.filter(visible=True).text_content()


@opened(PLAN)
def test_the_keyboard_opens_and_closes_a_change(page: Visit) -> None:
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    card = page.page.locator("#change-cards > details").first
    assert card.get_attribute("open") is not None
    card.locator("summary").focus()
    page.page.keyboard.press("Enter")
    assert card.get_attribute("open") is None


@opened(RUN)
def test_a_column_is_sorted_by_a_click(page: Visit) -> None:
    names = page.page.locator("#outcome-rows > tr > th")
    assert names.all_text_contents() == ["sales", "fresh", "support"]
    head = page.page.get_by_role("button", name="channel")
    head.click()
    assert names.all_text_contents() == ["fresh", "sales", "support"]
    head.click()
    assert names.all_text_contents() == ["support", "sales", "fresh"]
    assert page.page.locator("th[aria-sort=descending]").text_content() == "channel"


@opened(RUN, viewport={"width": 320, "height": 640})
def test_a_narrow_screen_is_scrolled_in_one_direction(page: Visit) -> None:
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 320


@opened(RUN, java_script_enabled=False)
def test_without_a_script_everything_is_there_but_search(page: Visit) -> None:
    assert page.page.locator("#outcome-rows > tr").count() == 3
    assert page.page.get_by_label("Search outcomes").is_hidden()


@opened(PLAN)
def test_on_paper_everything_is_open_and_controls_are_gone(page: Visit) -> None:
    page.page.locator("#change-cards > details").first.evaluate("one => { one.open = false; }")
    page.page.emulate_media(media="print")
    assert page.page.locator("#change-cards table").first.is_visible()
    assert page.page.get_by_label("Search changes").is_hidden()
    assert page.page.pdf().startswith(b"%PDF")
