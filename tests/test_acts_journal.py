"""The way of a write's note to the disk: before it goes out, and together with others."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.acts import journal as journals
from reconciler.acts.journal import Journal
from reconciler.clock import SystemClock
from reconciler.errors import Unavailable
from reconciler.genesys.calls import Call


class Disk:
    """Stands for `os.fsync`: what it was asked for, and how often it fails."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        self.safe: list[str] = []
        """The lines that are on the disk."""
        self.rounds = 0
        self.failing = False
        self._journal = journal

    def fsync(self, _: int) -> None:
        if self.failing:
            raise OSError(28, "No space left on device")
        self.rounds += 1
        self.safe = self._journal().path.read_text().splitlines()


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Journal, Disk]]:
    journal = Journal(tmp_path, "run", "sha256:0", SystemClock())
    disk = Disk(lambda: journal)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    yield journal, disk
    journal.close()


def call(number: int) -> Call:
    return Call("PUT", f"/api/v2/webchat/channels/{number}", headers={"If-Match": "3"}, body=b"{}")


@pytest.mark.parametrize("quick", [0.002, 0.0])
def test_a_write_goes_out_once_its_note_is_on_the_disk(
    opened: tuple[Journal, Disk], monkeypatch: pytest.MonkeyPatch, quick: float
) -> None:
    """Also where the disk is slow, and waited for in a thread."""
    journal, disk = opened
    monkeypatch.setattr(journals, "QUICK", quick)

    async def write(number: int) -> None:
        for turn in range(3):
            noted = await journal.before(call(number))
            safe = [json.loads(line) for line in disk.safe]
            assert any(line.get("write") == noted for line in safe), (number, turn)
            await asyncio.sleep(0)
            journal.after(noted, 200)

    async def story() -> None:
        await asyncio.gather(*(write(number) for number in range(20)))

    asyncio.run(story())
    assert quick or disk.rounds < 60


def test_a_slow_disk_is_asked_once_for_all_that_came_meanwhile(
    opened: tuple[Journal, Disk], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, disk = opened
    monkeypatch.setattr(journals, "QUICK", 0.0)
    monkeypatch.setattr(journals, "ASKED_AGAIN", 1_000)

    async def story() -> Any:
        return await asyncio.gather(*(journal.before(call(number)) for number in range(32)))

    assert asyncio.run(story()) == list(range(1, 33))
    assert disk.rounds <= 2


def test_a_quick_disk_makes_nobody_wait_for_others(opened: tuple[Journal, Disk]) -> None:
    journal, disk = opened
    coroutine = journal.before(call(0))
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert (ended.value.value, disk.rounds) == (1, 1)


def test_a_disk_that_takes_no_note_lets_nothing_out_and_may_recover(opened: tuple[Journal, Disk]) -> None:
    journal, disk = opened

    async def story() -> list[Any]:
        disk.failing = True
        refused = await asyncio.gather(
            *(journal.before(call(number)) for number in range(3)), return_exceptions=True
        )
        disk.failing = False
        return [*refused, await journal.before(call(3))]

    *refused, noted = asyncio.run(story())
    assert [(type(error), error.sent) for error in refused] == [(Unavailable, False)] * 3
    assert noted == 4


def test_who_is_cut_off_while_the_disk_works_cuts_off_nobody_else(
    opened: tuple[Journal, Disk], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, disk = opened
    monkeypatch.setattr(journals, "QUICK", 0.0)

    async def story() -> int:
        first = asyncio.create_task(journal.before(call(0)))
        second = asyncio.create_task(journal.before(call(1)))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(story()) == 2
    assert 1 <= disk.rounds <= 2
