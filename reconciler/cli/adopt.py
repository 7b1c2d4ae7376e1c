"""`reconciler adopt`: live channels into channel files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, limited
from reconciler.cli.output import emit, emit_json, say

if TYPE_CHECKING:
    from reconciler.cli.session import Desk
    from reconciler.clock import Clock
    from reconciler.model import Channel, LiveChannel
    from reconciler.settings import Api


@click.command(
    epilog="""\b
Examples:
  reconciler adopt
  reconciler adopt "Secure Webchat Endpoint"
  reconciler adopt a1b2c3d4-e5f6-7890-abcd-ef1234567890"""
)
@click.argument("names", nargs=-1, metavar="[NAME or ID]...", shell_complete=channel_names)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(("WebchatChannel", "WebMessagingConfiguration", "WebMessagingDeployment")),
    help="Look at this kind alone; repeatable.  [default: the kinds that have files, else every one]",
)
@limited
@common(("text", "json"))
@exits
def adopt(names: tuple[str, ...], kinds: tuple[str, ...], form: str, **options: Any) -> int:
    """Write live channels into channel files; on a managed file only the fields that differ, comments kept.

    Without a NAME or ID, every live channel that no file names is adopted.
    """
    from reconciler.acts.adopt import adopt as adopt_channels
    from reconciler.acts.adopt import chosen
    from reconciler.cli.session import open_desk, reading, require_api, require_valid
    from reconciler.decide.pairing import identify
    from reconciler.report.documents import AdoptedFile, adopt_document

    desk = open_desk(**options)
    channels = require_valid(desk)
    api = require_api()
    live = reading(lambda clock: _live(desk, api, channels, kinds, clock))
    meant = identify(channels, live, frozenset())
    adopted = adopt_channels(
        desk.settings.repo, desk.settings.channels, meant, chosen(live, meant, names), live
    )
    if form == "json":
        emit_json(adopt_document([AdoptedFile(one.path, one.name, one.id, one.result) for one in adopted]))
    else:
        for one in adopted:
            emit(f"{one.result} {one.path} ({one.id})")
    _tell_of_others({one.path for one in adopted if one.result == "updated"}, desk)
    _judge({one.path for one in adopted if one.result != "unchanged"}, options)
    return 0


async def _live(
    desk: Desk, api: Api, channels: tuple[Channel, ...], kinds: tuple[str, ...], clock: Clock
) -> tuple[LiveChannel, ...]:
    from reconciler.acts.observe import fetch_offered
    from reconciler.cli.session import look

    async with look(desk, api, clock) as way:
        return await fetch_offered(way.client, channels, kinds)


def _tell_of_others(paths: set[str], desk: Desk) -> None:
    """Name the organisations that a value now stands for, too, since they share the file it was written to."""
    from reconciler.cli.organisation import sharing

    shared = sorted(path for path in paths if path.startswith(f"{desk.settings.channels}/"))
    others = sharing(desk.settings.channels) if shared else []
    if others:
        say(
            f"{', '.join(shared)}: {', '.join(others)} share what was written there; where it is meant for this"
            " organisation alone, put it into an overlay"
        )


def _judge(paths: set[str], options: dict[str, Any]) -> None:
    """Tell what the rules say of the files just written: what is live need not be allowed."""
    from reconciler.cli.session import open_desk
    from reconciler.report.findings import findings_text

    desk = open_desk(**options)
    findings = [finding for finding in desk.loaded.findings if finding.file in paths]
    if findings:
        say("what is live breaks rules of this repository; mend the files before they can be merged:")
        say(findings_text(findings, files=len(paths), colour=False).rstrip("\n"))
    elif paths:
        say("next: reconciler plan shows no change for them; commit the files")
