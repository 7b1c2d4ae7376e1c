"""Many files, read by several processes: the same documents, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from reconciler.acts import bulk
from reconciler.acts.load import load_channels, load_schemas
from reconciler.desired.document import Document, judge_document
from reconciler.desired.rules import RuleSettings, make_rulebook

BOOK = make_rulebook(load_schemas(), RuleSettings())
FILE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: channel-{number}
spec:
  id: 00000000-0000-4000-8000-{number:012d}
  name: Channel {number}
  enabled: {enabled}
  webchatSettings:
    webchatUrl: https://webchat.example.com/{number}
    corsAllowedOrigins: [https://app.example.com]
    authProviderId: oauth2-provider-1
"""
COUNT = 90


def content(number: int) -> bytes:
    if number % 30 == 7:
        return b"a: &x 1\n"
    # Not simple, broken, and mostly sound.
    text = FILE.format(number=number, enabled="'yes'" if number % 30 == 9 else "true")
    return (text + ("# & a remark\n" if number % 30 == 11 else "")).encode()


FILES = [(f"channels/channel-{number}.yaml", content(number)) for number in range(COUNT)]


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "FILES_A_PROCESS", 10)
    monkeypatch.setattr(bulk, "_processes", lambda _: 3)


def read_alone(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr(bulk, "_processes", lambda _: 1)
    return list(bulk.read_documents(FILES, BOOK))


def soundness(found: list[object]) -> list[bool | None]:
    return [one.is_sound if isinstance(one, Document) else None for one in found]


def test_several_processes_read_what_one_reads(three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = list(bulk.read_documents(FILES, BOOK))
    alone = read_alone(monkeypatch)
    assert found == alone == [judge_document(*file) for file in FILES]
    assert soundness(found) == soundness(alone)
    assert soundness(found).count(True) == COUNT - 6


def test_a_helper_that_dies_costs_time_and_nothing_else(three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as broken:
        broken.setattr(bulk, "_tell", die)
        found: list[object] = list(bulk.read_documents(FILES, BOOK))
    assert found == read_alone(monkeypatch)


def test_a_helper_that_breaks_is_not_believed(three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, read = os.getpid(), bulk._read

    def refuse(*words: object) -> object:
        if os.getpid() != parent:
            raise MemoryError
        return read(*words)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(bulk, "_read", refuse)
        found: list[object] = list(bulk.read_documents(FILES, BOOK))
    assert found == read_alone(monkeypatch)


def test_nothing_is_read_of_no_files() -> None:
    assert bulk.read_documents([], BOOK) == []


def test_a_folder_read_by_several_processes_has_the_same_channels_and_findings(
    three: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, data in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    several = load_channels(tmp_path, "channels", RuleSettings())
    monkeypatch.setattr(bulk, "_processes", lambda _: 1)
    alone = load_channels(tmp_path, "channels", RuleSettings())
    assert (several.channels, several.findings, several.files) == (
        alone.channels,
        alone.findings,
        alone.files,
    )
    assert (len(several.channels), len(several.findings)) == (COUNT - 6, 6)


def test_a_process_with_threads_makes_no_copy_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk.threading, "active_count", lambda: 2)
    assert bulk._processes(100_000) == 1
    monkeypatch.setattr(bulk.threading, "active_count", lambda: 1)
    monkeypatch.setattr(bulk.os, "sched_getaffinity", lambda _: set(range(16)))
    assert [bulk._processes(count) for count in (0, 1_999, 2_000, 100_000)] == [1, 1, 2, 4]
