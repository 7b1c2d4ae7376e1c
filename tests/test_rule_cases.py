"""Every rule with what breaks it and what keeps it, found on disk: a rule without both cannot exist.

`tests/cases/invalid/<rule>/` holds files that break the rule, `tests/cases/valid/<rule>/` files that break no rule at
all: `x.yaml`, with `x.toml` beside it where settings matter, or a folder that is a whole repository.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from reconciler.acts.load import Loaded, load_channels
from reconciler.cli.rules import rule_settings
from reconciler.desired.catalogue import GROUPS, RULES
from reconciler.fleet.roster import load_roster
from reconciler.settings import load_settings

CASES = Path(__file__).parent / "cases"
TODAY = date(2026, 6, 15)
CHANNEL = CASES / "valid" / "file-lfs" / "shop.yaml"
ELSEWHERE = {
    "endpoint-tls": "measured at the endpoint: test_story_rules",
    "widening-approved": "about a plan: test_story_rules",
}
"""Rules that no file breaks, and where they are tested."""


def large(path: Path) -> None:
    path.write_bytes(CHANNEL.read_bytes() + b"#" * 65_536)


def link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def closed(path: Path) -> None:
    shutil.copy(CHANNEL, path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads every file")


MADE: dict[str, tuple[Callable[[Path], None], ...]] = {
    "file-link": (link,),
    "file-type": (pipe, folder),
    "file-unreadable": (closed,),
    "file-size": (large,),
}
"""What git cannot hold, or should not."""


def judged(case: Path, repo: Path) -> Loaded:
    if case.is_dir():
        shutil.copytree(case, repo, dirs_exist_ok=True)
    else:
        (repo / "channels").mkdir()
        shutil.copy(case, repo / "channels" / case.name)
        settings = case.with_suffix(".toml")
        if settings.exists():
            shutil.copy(settings, repo / "reconciler.toml")
    return loaded(repo)


def loaded(repo: Path) -> Loaded:
    settings = load_settings(repo, {}, {})
    overlays = load_roster(repo)[0].overlays if (repo / "fleet.yaml").exists() else ()
    return load_channels(repo, "channels", rule_settings(settings, TODAY), overlays=overlays)


def cases(side: str) -> list[object]:
    found = sorted(path for path in (CASES / side).glob("*/*") if path.suffix != ".toml")
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in found]


@pytest.mark.parametrize("case", cases("invalid"))
def test_what_breaks_a_rule_is_found(case: Path, tmp_path: Path) -> None:
    found = judged(case, tmp_path).findings
    of_rule = [finding for finding in found if finding.rule == case.parent.name]
    assert of_rule, [(finding.rule, finding.message) for finding in found]
    for finding in of_rule:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.message
        assert finding.fix


@pytest.mark.parametrize("case", cases("valid"))
def test_what_keeps_a_rule_breaks_no_other(case: Path, tmp_path: Path) -> None:
    assert [(one.rule, one.pointer, one.message) for one in judged(case, tmp_path).findings] == []


@pytest.mark.parametrize(
    ("rule", "make"),
    [pytest.param(rule, make, id=f"{rule}/{make.__name__}") for rule in MADE for make in MADE[rule]],
)
def test_what_git_cannot_hold_is_found_too(rule: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    make(tmp_path / "channels" / "shop.yaml")
    assert [finding.rule for finding in loaded(tmp_path).findings] == [rule]


def test_every_rule_has_a_case_on_both_sides_and_every_case_a_rule() -> None:
    known = {rule.id for rule in RULES}
    for side, beside in (("invalid", MADE), ("valid", MADE)):
        there = {path.name for path in (CASES / side).iterdir() if any(path.iterdir())}
        assert there - known == set()
        assert known - there - set(beside) - set(ELSEWHERE) == set()


def test_rules_are_many_and_each_stands_once() -> None:
    assert len(RULES) >= 40
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert sum(map(len, GROUPS.values())) == len(RULES)


def test_examples_of_a_rule_differ() -> None:
    for rule in RULES:
        assert rule.bad != rule.good or not rule.bad, rule.id
