"""What commands that talk to the remote share: files loaded, the way opened, the plan made."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.acts.load import Loaded, load_channels
from reconciler.cli.failures import Interrupted
from reconciler.cli.options import find_root, make_settings
from reconciler.cli.organisation import environment
from reconciler.cli.output import progress, say
from reconciler.cli.rules import rule_settings
from reconciler.cli.signals import end_with_supervisor
from reconciler.clock import Clock, SystemClock
from reconciler.decide.ignores import Ignored, in_force, notices
from reconciler.errors import InvalidFiles, UsageError
from reconciler.model import Binding, Channel
from reconciler.settings import Api, Settings, organisation_of, read_api

if TYPE_CHECKING:
    from reconciler.acts.connect import Connection

Value = TypeVar("Value")

ENDING_DAYS = 14
"""So many days before its end an exception is told of."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with before anything is contacted."""

    settings: Settings
    loaded: Loaded
    quiet: bool
    verbose: bool

    def notice(self, text: str) -> None:
        """Tell of a wait, unless the person asked for quiet."""
        if not self.quiet:
            say(text)


def open_desk(repo: Path | None, *, quiet: bool = False, verbose: bool = False, **options: Any) -> Desk:
    """Read settings and channel files."""
    settings = make_settings(repo, **options)
    loaded = load_channels(
        find_root(repo), settings.channels, rule_settings(settings), overlays=settings.overlays
    )
    return Desk(settings, loaded, quiet, verbose)


def require_valid(desk: Desk) -> tuple[Channel, ...]:
    """Give the channels; where files are invalid, show every finding on stderr and raise `InvalidFiles`."""
    try:
        return desk.loaded.require_valid()
    except InvalidFiles as error:
        from reconciler.report.findings import findings_text

        say(findings_text(error.findings, files=desk.loaded.places, colour=False).rstrip("\n"))
        raise


def left_alone(desk: Desk) -> Ignored:
    """Give the fields that `[ignore]` leaves alone today, and tell which end soon, have ended, or do nothing."""
    today = desk.loaded.today
    for notice in notices(desk.settings.ignores, desk.loaded.channels, today, ENDING_DAYS):
        desk.notice(f"warning: {notice}")
    return in_force(desk.settings.ignores, today)


def require_names(
    channels: tuple[Channel, ...], names: tuple[str, ...], option: str
) -> frozenset[str] | None:
    """Check names that a person typed against the channel files; None where none was typed."""
    import difflib

    known = {channel.name for channel in channels}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"{option}: no channel file is named {name!r}{hint}")
    return frozenset(names) or None


def make_binding(desk: Desk, api: Api) -> Binding:
    """Say what a plan is made for."""
    return bind(desk, api.base_url, organisation_of(desk.settings, api.base_url))


def bind(desk: Desk, url: str, organisation: str) -> Binding:
    """Say which files, of which commit, a plan for an organisation is made of."""
    from reconciler.ledger.source import find_repository, read_source

    repository = find_repository(desk.settings.repo)
    folders = (desk.settings.channels, *desk.settings.overlays)
    source = read_source(repository, *folders) if repository else None
    return Binding(
        api=url,
        organisation=organisation,
        commit=source.commit if source else None,
        tree=source.tree if source else None,
        files=desk.loaded.files,
        rules=desk.loaded.rules,
    )


def require_api() -> Api:
    """Read the remote's addresses and the credentials from the environment."""
    return read_api(environment())


@asynccontextmanager
async def look(desk: Desk, api: Api, clock: Clock) -> AsyncIterator[Connection]:
    """Open the way for a command that only reads, and tell how many answers came where that takes long."""
    from reconciler.acts.connect import connect

    with progress("answers read", None, quiet=desk.quiet) as count:
        way = connect(desk.settings, api, clock, writes=False, notice=desk.notice, count=count)
        async with way as connection:
            yield connection


def reading(story: Callable[[SystemClock], Coroutine[Any, Any, Value]]) -> Value:
    """Run a story that only reads; a signal ends it at once with `Interrupted`."""
    caught: list[int] = []

    async def watched() -> Value:
        task = asyncio.ensure_future(story(SystemClock()))

        def told(code: int) -> None:
            caught.append(code)
            task.cancel()

        on_signals(told)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise Interrupted(caught[0] if caught else 130) from None


def on_signals(act: Callable[[int], object]) -> None:
    """Call `act` with the contract's exit code when SIGINT or SIGTERM comes; needs a running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, act, 128 + number)
    end_with_supervisor()
