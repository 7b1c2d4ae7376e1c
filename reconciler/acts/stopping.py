"""What becomes of work in flight when the run is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Got = TypeVar("Got")


async def until_stopped(
    work: Coroutine[Any, Any, Got], stop: asyncio.Event, grace_seconds: float = 0.0
) -> Got | None:
    """Do the work; once told to stop, give it so many seconds to end, then cut it off and give None."""
    task = asyncio.ensure_future(work)
    told = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait([task], timeout=grace_seconds)
        return task.result() if task.done() else None
    finally:
        told.cancel()
        task.cancel()
        await asyncio.gather(task, told, return_exceptions=True)
