"""Pages: what stands on them, and that nothing on them can run or load."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from samples import DRIFT, PLAN, REPORT, RUN, JsonDict, with_text_everywhere

from reconciler.report.html.documents import document_html

PAGES = {"plan": PLAN, "apply": RUN, "drift": DRIFT}
HOSTILE = (
    '"><script>alert(1)</script>',
    "</style><script>alert(1)</script>",
    "'\" onmouseover=alert(1) x='",
    "<img src=https://evil.example.com/x>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202e\u200b\x1b[31m\x00\x85\ud800",
    "<!-- <!-- -->",
)


class Parsed(HTMLParser):
    """The elements and attributes of a page, and the text that a person reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open not in ("style", "script"):
            self.texts.append(data)

    def words(self) -> str:
        """Give what a person reads, on one line."""
        return " ".join(" ".join(self.texts).split())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (PLAN, ["widens:", "in 2 channels (2 added)", "sales and 1 more with the same change", "fresh"]),
        (PLAN, ['− "https://www.example.com"', '+ "https://new.example.com"', "channels/sales.yaml"]),
        (PLAN, ["retired", "Stranger", "id-stranger", "https://monitor.example.com/hooks", "4 requests"]),
        (PLAN, ["sha256:" + "1" * 64, "c" * 40, "owner digital", "live version 3"]),
        (
            PLAN,
            [
                "2 channels widen (fresh, sales): apply asks for --approve-widening",
                "waiver old-shop ends in 5 days",
            ],
        ),
        (RUN, ["1 of 3 changes applied", "Exit 4", "version 3 → 4", "1 of 3 endpoint checks failed"]),
        (RUN, ["moved by Dana, 2026-03-01", "Not told: monitor (monitor.example.com)"]),
        (RUN, ['"Sales"', '"Sales!"', '"Sales 2"', "reviewed", "live now", "Git wants"]),
        (
            RUN,
            ["certificate until 2026-05-01, 61 days left", "TLSv1.3", "62 ms", "7 requests", "5 GET, 2 PUT"],
        ),
        (RUN, ["Update by Dana (user-1)", "Not complete: it answers late", "Not asked for: fresh"]),
        (RUN, ["fresh was not checked: it is disabled", "reconciler apply --only fresh tries again"]),
        (DRIFT, ["drift widens: 1 channel moved", "moved by Dana (user-1), person,", "(exact)", "pending"]),
        (DRIFT, ["reconciler plan --only support --out plan.json", "Take Git's side", "Stranger"]),
        (REPORT, ["A document of report cannot be shown as a page"]),
    ],
)
def test_a_page_says_what_its_document_says(document: JsonDict, words: list[str]) -> None:
    read = Parsed(document_html(document)).words()
    for word in words:
        assert " ".join(word.split()) in read


def test_of_a_list_only_the_entries_that_differ_are_marked() -> None:
    page = document_html(PLAN)
    assert "<li><code>&#34;https://app.example.com&#34;</code></li>" in page
    assert '<li class="gone"><del><code>− &#34;https://www.example.com&#34;</code></del></li>' in page
    assert '<li class="come"><ins><code>+ &#34;https://new.example.com&#34;</code></ins></li>' in page


@pytest.mark.parametrize("command", PAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_values_stay_text_whatever_they_are(command: str, text: str) -> None:
    calm = Parsed(document_html(with_text_everywhere(PAGES[command], "calm ")))
    page = document_html(with_text_everywhere(PAGES[command], text))
    hostile = Parsed(page)
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in calm.tags]
    assert [set(attributes) for _, attributes in hostile.tags] == [
        set(attributes) for _, attributes in calm.tags
    ]
    assert all(letter.isprintable() or letter == "\n" for letter in page)


@pytest.mark.parametrize("command", PAGES)
def test_a_page_loads_nothing_and_its_policy_allows_its_own_script_alone(command: str) -> None:
    page = document_html(PAGES[command])
    parsed = Parsed(page)
    policy = next(a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}';"
        " base-uri 'none'; form-action 'none'"
    )
    loading = {"src", "srcset", "action", "formaction", "data", "poster", "background", "style"}
    assert not any(loading & set(attributes) for _, attributes in parsed.tags)
    assert {a["href"] for tag, a in parsed.tags if "href" in a} == {"#main"}
    assert "url(" not in style
    assert "@import" not in style


def test_documents_that_hold_nothing_are_shown_too() -> None:
    for command in PAGES:
        assert "</html>" in document_html({"command": command})
    odd = {
        "command": "apply",
        "outcomes": [7, {"result": "odd"}],
        "probes": [{"phases": 3, "certificate": []}],
    }
    assert "</html>" in document_html(odd)
