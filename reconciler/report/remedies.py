"""Ways out of drift as commands to copy: take Git's side, or take theirs; nothing here runs one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, timedelta

from reconciler.model import Attribution, Certainty, ChannelDrift, DriftState, JsonObject, pointer_text
from reconciler.report.escape import shown

GIT = "git"
LIVE = "live"
NEITHER = "neither"
IGNORED_FOR = timedelta(days=14)
FIELDS = 20
"""Fields of one channel for which lines of settings are given."""
TRAILER = "Changed-by"
"""Of a commit that adopts what somebody did in the console: who that was, where the audit log proves it."""


def remedies(drift: ChannelDrift, patch: str | None, today: date) -> list[JsonObject]:
    """Give each way out as the side that it takes, what it does, and what to type.

    Where the live side moved there is also the patch that adopts it, and the lines of `reconciler.toml` that leave
    the fields alone for two weeks from `today`.
    """
    found: list[JsonObject] = [
        {"side": side, "does": does, "commands": commands}
        | ({"patch": patch} if side == LIVE and patch else {})
        for side, does, commands in _ways(drift)
    ]
    if drift.moved and drift.live is not None:
        does = "leaves the fields alone until a day; add the lines to reconciler.toml"
        found.append({"side": NEITHER, "does": does, "commands": [], "settings": _ignoring(drift, today)})
    return found


def trailer(who: str) -> str:
    """Write the option of `git commit` that names who made a change which Git now adopts."""
    return f" --trailer {_word(f'{TRAILER}: {who}')}"


def _ignoring(drift: ChannelDrift, today: date) -> str:
    fields = [field for field in drift.fields if field.state is not DriftState.PENDING]
    tables = [
        f"[ignore.{drift.name}{f'-{number}' if number > 1 else ''}]\n"
        f"channel = {_toml(drift.name)}\n"
        f"field = {_toml(pointer_text(field.path))}\n"
        f'reason = "why it may differ"\n'
        f"expires = {today + IGNORED_FOR}\n"
        for number, field in enumerate(fields[:FIELDS], 1)
    ]
    return "\n".join(tables)


def _toml(text: str) -> str:
    # A basic string of TOML has the escapes of JSON.
    return json.dumps(text)


def _ways(drift: ChannelDrift) -> Iterator[tuple[str, str, list[str]]]:
    name = shlex.quote(drift.name)
    if drift.channel is None:
        yield LIVE, "writes the live channel into a channel file", [f"reconciler adopt {_word(drift.id)}"]
        return
    apply = [f"reconciler plan --only {name} --out plan.json", "reconciler apply plan.json"]
    if drift.state is DriftState.PENDING:
        yield GIT, "applies what Git wants", apply
        return
    if drift.live is None:
        yield GIT, "creates the channel again as Git wants it", apply
        yield (
            LIVE,
            "takes the file out of Git, as the channel is gone",
            [f"git rm {_word(drift.channel.file)}"],
        )
        return
    yield GIT, "puts the live channel back to what Git wants", apply
    yield LIVE, "writes the live values into the channel file, and keeps its comments", _adopting(drift, name)


def _adopting(drift: ChannelDrift, name: str) -> list[str]:
    channel = drift.channel
    assert channel is not None  # noqa: S101 - what has no file was answered above
    origins = [channel.origin(field.path) for field in drift.fields]
    files = " ".join(_word(file) for file in sorted({one.file if one else channel.file for one in origins}))
    message = shlex.quote(f"Adopt the live values of {drift.name}")
    trailers = "".join(trailer(who) for who in _proved(drift))
    return [f"reconciler adopt {name}", f"git add {files}", f"git commit -m {message}{trailers}"]


def _proved(drift: ChannelDrift) -> list[str]:
    """Name everybody who is proved to have moved a field, once."""
    found = (field.attribution for field in drift.fields if field.attribution)
    return list(dict.fromkeys(who for one in found if (who := _who(one))))


def _who(attribution: Attribution) -> str:
    entry = attribution.entry
    if attribution.certainty is not Certainty.EXACT or entry is None:
        return ""
    return entry.actor_name or entry.actor_id or entry.client_id or ""


def _word(text: str) -> str:
    """Write text as one word of a shell; a name of somebody else's is cut, and has no control characters."""
    return shlex.quote(shown(text, 300))
