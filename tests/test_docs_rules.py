"""The page of rules says what the table of rules says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from reconciler.cli.main import run
from reconciler.desired.catalogue import GROUPS, RULES
from reconciler.desired.policy import SETTINGS, Bounds
from reconciler.report.rules_markdown import rules_markdown

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_page_of_rules_is_that_of_the_table() -> None:
    assert (DOCS / "rules.md").read_text() == rules_markdown(GROUPS), (
        "renew it: reconciler explain --format markdown > docs/rules.md"
    )


def test_the_command_writes_that_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--repo", str(tmp_path), "--format", "markdown"]) == 0
    assert capsys.readouterr().out == rules_markdown(GROUPS)


def test_the_page_has_a_heading_for_every_rule_and_nothing_that_runs() -> None:
    tokens = MarkdownIt().parse(rules_markdown(GROUPS))
    headings = [
        tokens[at + 1].content
        for at, one in enumerate(tokens)
        if (one.type, one.tag) == ("heading_open", "h3")
    ]
    assert headings == [f"`{rule.id}`" for rule in RULES]
    inside = [child.type for token in tokens for child in token.children or ()]
    assert {"link_open", "image", "html_inline"} & set(inside) == set()
    assert not any(token.type == "html_block" for token in tokens)


def test_the_page_of_policy_names_every_setting() -> None:
    text = (DOCS / "policy.md").read_text()
    named = set(re.findall(r"(?m)^#? ?([a-z_]+) = ", text)) | set(re.findall(r"\[rules\.([a-z]+)\]", text))
    assert set(SETTINGS) - named == set()
    assert set(Bounds.__slots__) - named == set()
