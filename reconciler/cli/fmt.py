"""`reconciler fmt`: channel files in one form; and the showing and writing of edits for `validate --fix`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, find_root, judged, make_settings
from reconciler.cli.output import emit, has_colour, is_terminal, say

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded
    from reconciler.acts.mend import Repair
    from reconciler.settings import Settings

FOUND = 2


@click.command(
    epilog="""\b
Examples:
  reconciler fmt
  reconciler fmt --check
  reconciler fmt --diff channels/secure-webchat.yaml"""
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; end with 2 where a file would change.")
@click.option("--diff", is_flag=True, help="Show what would change, and write nothing.")
@judged
@common(("text",))
@exits
def fmt(paths: tuple[Path, ...], repo: Path | None, check: bool, diff: bool, **options: Any) -> int:
    """Write channel files in one form: indentation, order of sets, spelling of addresses; comments stay.

    Without PATHs every file of the channel folder is formatted. Files that are no YAML are left alone.
    """
    from reconciler.acts.load import load_channels
    from reconciler.acts.mend import tidied
    from reconciler.cli.rules import rule_settings

    settings = make_settings(repo, **{name: options[name] for name in ("channels", "ca_file", "rules_from")})
    loaded = load_channels(
        find_root(repo), settings.channels, rule_settings(settings), paths, settings.overlays
    )
    edits = mend(settings, loaded, paths, tidied, writes=not (check or diff), shows=diff)
    files = f"{edits.found} of {loaded.count} files"
    if not options["quiet"]:
        emit(
            f"{files} {'formatted' if edits.written else 'would be formatted'}"
            if edits.found
            else "nothing to do"
        )
    return FOUND if check and edits.found else 0


@dataclass(frozen=True, slots=True)
class Edits:
    """How many files would change, and whether they were written."""

    found: int
    written: bool


def mend(
    settings: Settings,
    loaded: Loaded,
    paths: Sequence[Path],
    repair: Repair,
    *,
    writes: bool,
    shows: bool = True,
) -> Edits:
    """Show what a repair does to the files, and write it: on a terminal only after a yes."""
    from reconciler.acts.mend import proposed, write
    from reconciler.report.diff import file_diff

    root = settings.repo
    only = [_name(path, root) for path in paths]
    edits = list(proposed(root, loaded, only, repair))
    for edit in edits:
        if shows:
            before, after = edit.before.decode(), edit.after.decode()
            say(file_diff(edit.file, before, after, colour=has_colour()).rstrip("\n"))
        elif not writes:
            say(edit.file)
    if not edits or not writes:
        return Edits(len(edits), written=False)
    asks = shows and is_terminal(sys.stdin) and is_terminal(sys.stderr)
    if asks and not click.confirm("Write this?", err=True):
        return Edits(len(edits), written=False)
    for edit in edits:
        write(root, edit)
    return Edits(len(edits), written=True)


def _name(path: Path, root: Path) -> str:
    absolute = path.resolve()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.as_posix()
