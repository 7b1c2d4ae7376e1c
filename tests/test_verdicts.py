"""Verdicts over made-up files: nothing breaks, nothing is slow, nothing is opened; and what the rules cost."""

from __future__ import annotations

import random
import resource
import socket
import time
from typing import Any

import pytest
from verdicts import CASES, mend, require_shown, verdict

from reconciler.acts.load import load_schemas, load_suffixes
from reconciler.desired.document import Document, read_document
from reconciler.desired.rules import RuleSettings, judge, make_rulebook

FILES = 50_000
SECONDS = 0.25
"""The most that one file may take; the median is a thousandth of that."""
MEGABYTES = 200
WORDS = (
    *(
        "https://",
        "http://",
        "*",
        "\u202e",
        "xn--",
        ".",
        "/",
        "@",
        ":443",
        "github.io",
        "co.uk",
        "- ",
        "  ",
        "\t",
        "\n",
    ),
    *(
        "'",
        '"',
        "[",
        "]",
        "{",
        "}",
        "&a",
        "*a",
        "<<: ",
        "!!str ",
        "# ",
        "null",
        "true",
        "012",
        "\ud7ff",
        "\x1b",
        "é",
    ),
    *(
        "::error::",
        "##[group]",
        "<b>",
        "`",
        "|",
        "---\n",
        "kind: ",
        "spec:\n",
        "allowAllDomains: true",
        "\\u0000",
    ),
)


def made_up(chance: random.Random, seeds: list[bytes]) -> bytes:
    """Change a case of some rule in a few places, or put parts of two together."""
    data = chance.choice(seeds)
    if chance.random() < 0.2:
        other = chance.choice(seeds)
        data = data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randrange(6)):
        place = chance.randrange(len(data) + 1)
        word = chance.choice(WORDS).encode() if chance.random() < 0.9 else chance.randbytes(2)
        data = data[:place] + word + data[place + chance.randrange(12) :]
    return data


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_fifty_thousand_files_end_in_a_verdict_by_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    chance, seeds = (
        random.Random(20240607),
        [path.read_bytes() for path in CASES if path.stat().st_size < 8_000],
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest, sound, met = 0.0, 0, set[str]()
    for number in range(FILES):
        data = made_up(chance, seeds)
        began = time.process_time()
        findings = verdict(data)
        slowest = max(slowest, time.process_time() - began)
        sound += not any(finding.severity == "error" for finding in findings)
        met |= {finding.rule for finding in findings}
        if number % 20 == 0:
            require_shown(findings)
            mend(data)
    assert slowest < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024
    # The files were such that good ones, and most rules, were among them.
    assert sound > FILES // 100
    assert len(met) > 80


@pytest.mark.parametrize("letter", ["a", "1", ".", "-", "/", " ", "xn--", "a.", "%", "@", "\u0430", "[", "'"])
def test_the_time_of_a_verdict_grows_with_the_text_and_no_faster(letter: str) -> None:
    def cost(size: int) -> float:
        text = (letter * size).replace("'", "''")[:size]
        spec = f"  spec:\n    webchatSettings: {{webchatUrl: 'https://{text}', corsAllowedOrigins: ['https://{text}']}}\n"
        data = f"kind: WebchatChannel\nmetadata: {{name: '{text}', owner: '{text}'}}\nspec:\n{spec}".encode()
        direct = data.replace(b"  spec:\n  ", b"")
        return min(_timed(direct) for _ in range(3))

    small, large = cost(1_000), cost(16_000)
    # Sixteen times the text may take forty times as long; a square would take 256 times.
    assert large < max(small * 40, 0.05)


def test_rules_cost_no_more_than_twice_the_reading() -> None:
    good = next(
        path for path in CASES if path.parent.name == "origin-count" and path.parent.parent.name == "valid"
    )
    files = [
        (
            f"channels/c-{number}.yaml",
            good.read_bytes().replace(b"shop", b"c-%d" % number).replace(b"3f1d6f0a", b"%08x" % number),
        )
        for number in range(1_500)
    ]
    rulebook = make_rulebook(load_schemas(), RuleSettings(suffixes=load_suffixes()))
    began = time.process_time()
    documents = [read_document(name, data) for name, data in files]
    read = time.process_time()
    judge([one for one in documents if isinstance(one, Document)], rulebook)
    judged = time.process_time()
    assert judged - read < 2 * (read - began) + 0.2


def _timed(data: bytes) -> float:
    began = time.process_time()
    verdict(data)
    return time.process_time() - began
