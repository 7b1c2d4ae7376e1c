"""What a Markdown parser makes of a page of ours: only what we wrote ourselves may be structure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(
    r"</?(?:details|summary|code|b|br)>|<!-- reconciler:[a-z]+(?::[A-Za-z0-9._-]{1,64})?(?: [a-z0-9:=]+)* -->"
)
TAG = re.compile(r"<[^>]*>?")
CODE_ELEMENT = re.compile(r"<code>[^<]*</code>")
LIVELY = re.compile(
    r"@[\w-]|#\d|\bGH-\d|https?:|www\.|\b[0-9a-f]{7,40}\b|:[a-z_]+:|[\w-]/[\w.-]+[@#]", re.IGNORECASE
)
STRUCTURE = {
    *("heading_open", "paragraph_open", "table_open", "thead_open", "tbody_open", "tr_open", "th_open"),
    *("td_open", "bullet_list_open", "list_item_open", "blockquote_open", "strong_open", "fence"),
    *("html_block", "inline", "text", "softbreak", "html_inline", "code_inline", "em_open"),
}


def faults(page: str) -> list[str]:
    """Say what of a page is not inert or not whole."""
    tokens = list(_flat(PARSER.parse(page)))
    found = [f"a {token.type}: {token.content[:60]!r}" for token in tokens if _is_odd(token)]
    html = "".join(token.content for token in tokens if token.type in ("html_block", "html_inline"))
    found += [f"HTML {tag[:60]!r}" for tag in TAG.findall(html) if not OURS.fullmatch(tag)]
    for tag in ("details", "summary", "code", "b"):
        if html.count(f"<{tag}>") != html.count(f"</{tag}>"):
            found.append(f"<{tag}> is not closed")
    texts = [token.content for token in tokens if token.type == "text"] + [CODE_ELEMENT.sub(" ", html)]
    found += [f"lively text {match[0]!r}" for text in texts if (match := LIVELY.search(OURS.sub(" ", text)))]
    if any(not (letter.isprintable() or letter == "\n") for letter in page):
        found.append("a character that does not print")
    return found


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _is_odd(token: Token) -> bool:
    return not token.type.endswith("_close") and token.type not in STRUCTURE
