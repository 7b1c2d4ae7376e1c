"""How many requests are let in at once."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.genesys.slots import Slots


def test_a_429_halves_and_every_good_round_adds_one() -> None:
    slots, widths = Slots(8), []
    slots.narrow(began=1.0, now=2.0)
    for _ in range(4 + 5 + 6 + 7 + 20):
        widths.append(slots.width)
        slots.widen()
    assert widths == [4] * 4 + [5] * 5 + [6] * 6 + [7] * 7 + [8] * 20


def test_requests_that_were_out_together_halve_once() -> None:
    slots = Slots(8)
    for began, width in ((1.0, 4), (1.5, 4), (2.0, 4), (2.5, 2), (9.0, 1), (99.0, 1)):
        slots.narrow(began, now=began + 0.5 if began > 2.0 else 2.0)
        assert slots.width == width


@pytest.mark.parametrize(("most", "width"), [(8, 8), (8, 4), (8, 1), (1, 1)])
def test_no_more_than_the_width_are_in_at_once_and_all_come_through(most: int, width: int) -> None:
    async def story() -> tuple[int, int]:
        slots, now_in, most_in, done = Slots(most), 0, 0, 0
        slots.width = width

        async def one() -> None:
            nonlocal now_in, most_in, done
            async with slots.one():
                now_in += 1
                most_in = max(most_in, now_in)
                await asyncio.sleep(0)
                now_in -= 1
                done += 1

        await asyncio.gather(*(one() for _ in range(50)))
        return most_in, done

    assert asyncio.run(story()) == (width, 50)


def test_who_gives_up_waiting_or_is_cancelled_inside_leaves_the_slot_to_others() -> None:
    async def hold(slots: Slots) -> None:
        async with slots.one():
            await asyncio.sleep(99)

    async def story() -> None:
        slots = Slots(2)
        slots.width = 1
        holders = [asyncio.create_task(hold(slots)) for _ in range(3)]
        await asyncio.sleep(0.01)
        for holder in reversed(holders):
            holder.cancel()
        await asyncio.wait(holders)
        async with asyncio.timeout(1), slots.one():
            pass

    asyncio.run(story())


def test_a_width_that_grows_lets_in_who_is_waiting() -> None:
    async def story() -> bool:
        slots = Slots(2)
        slots.narrow(began=1.0, now=2.0)
        async with slots.one():
            waiting = asyncio.create_task(_pass(slots))
            await asyncio.sleep(0)
            slots.widen()
            async with asyncio.timeout(1):
                await waiting
        return True

    assert asyncio.run(story())


async def _pass(slots: Slots) -> None:
    async with slots.one():
        pass
