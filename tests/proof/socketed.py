"""The whole tool against the emulator over TLS, in processes that can be killed; judged from the emulator's log."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from story import IDS, PATH, Story

HOOK = "https://monitor.example.com/hooks/webchat"
PRELOADED = ["reconciler.cli.apply", "reconciler.cli.carrying", "reconciler.cli.ordering", "proof.socketed"]
"""Imported once by the server that forks, so that a process starts in milliseconds."""
PATIENCE_SECONDS = 30.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(PRELOADED)


def _run(environ: dict[str, str], words: list[str], out: str) -> None:
    from reconciler.cli.main import run

    os.environ.clear()
    os.environ.update(environ)
    with (
        Path(out).open("w") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        code = run(words)
    os._exit(code)


def start(story: Story, *words: str) -> BaseProcess:
    """Start a command of the tool as a process."""
    command = [words[0], "--repo", str(story.repo), *words[1:]]
    out = str(story.repo.parent / f"out-{time.monotonic_ns()}")
    process = _CONTEXT.Process(target=_run, args=(dict(os.environ), command, out))
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """Wait for the end and give the exit code."""
    process.join(PATIENCE_SECONDS)
    assert process.exitcode is not None, "the process did not end"
    return process.exitcode


@dataclass(frozen=True)
class Kill:
    """When a run is killed: at a request, before or after the remote does it, or after so many seconds."""

    request: int | None
    when: str
    seconds: float


def kills(seed: int, count: int) -> Iterator[Kill]:
    """Draw instants: two of three at a step, the others anywhere from the start to the end of the record."""
    dice = random.Random(seed)
    for _ in range(count):
        if dice.random() < 0.66:
            yield Kill(dice.randrange(8), dice.choice(("before", "after")), 0.0)
        else:
            yield Kill(None, "", dice.random() * 1.2)


def prepare(story: Story, dice: random.Random) -> None:
    """Write three channels: one to be created, two to be updated; one of them with a webhook."""
    story.emulator.clear()
    with story.emulator.lock:
        for collection in (story.emulator.store.channels, story.emulator.store.webhooks):
            collection.live.clear()
            collection.before.clear()
    for number, name in enumerate(("a", "b", "c")):
        if number:
            story.seed(name, number, theme="dark")
        hook = HOOK if number == 1 else None
        story.write(name, number, description=f"From Git {dice.random()}", webhook=hook)
    story.commit()


def kill(story: Story, instant: Kill) -> int:
    """Start an apply and kill it at an instant; gives its exit code, which is its own where it was faster."""
    if instant.request is not None:
        fault = {"do": "delay", "seconds": 0.4, "when": instant.when, "path": "/api/*"}
        story.emulator.add_fault({**fault, "after": instant.request, "times": 1})
    process = start(story, "apply", "--yes", "--probe", "none", "--concurrency", "1")
    if instant.request is None:
        time.sleep(instant.seconds)
    else:
        _await(lambda: len(story.requests()) > (instant.request or 0) or not process.is_alive())
        time.sleep(0.1)
    if process.pid and process.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    code = ended(process)
    # A request that was on its way is carried out, or not, before anybody looks.
    time.sleep(0.45 if instant.request is not None else 0.05)
    return code


def lost_promises(story: Story, document: dict[str, Any], code: int) -> Iterator[str]:
    """Give every promise that the killed run and the healing one broke together."""
    if code != 0:
        yield f"the healing run ended with {code}: {document}"
    writes = Counter(write["path"] for write in story.writes() if write["path"].startswith(PATH))
    yield from (f"{path} was written {count} times" for path, count in writes.items() if count != 1)
    names = Counter(hook["name"] for hook in story.emulator.store.webhooks.live.values())
    yield from (f"{count} webhooks are called {name}" for name, count in names.items() if count != 1)
    for number, identity in enumerate(IDS[:3]):
        live = story.emulator.store.channels.get(identity)
        if not live["description"].startswith("From Git") or (number and live.get("theme") != "dark"):
            yield f"{identity} is {live}"
    left = list((story.repo / ".reconciler").glob("journal/*"))
    yield from (f"the journal {path} was left behind" for path in left)


def _await(happened: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.003)
