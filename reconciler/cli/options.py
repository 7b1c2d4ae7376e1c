"""The options that every command takes, and the settings they make."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.organisation import remember, settings_options

if TYPE_CHECKING:
    from reconciler.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

COMMON = (
    click.option(
        "--repo",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        help="Repository; default: the enclosing git repository, or the current folder.",
    ),
    click.option(
        "--channels", metavar="DIR", help="Channel folder below the repository.  [default: channels]"
    ),
    click.option(
        "--org",
        metavar="NAME",
        callback=remember,
        expose_value=False,
        help="One organisation of fleet.yaml.",
    ),
    click.option("--ca-file", metavar="FILE", help="CA bundle for every TLS connection."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors."),
    click.option("--verbose", "-v", is_flag=True, help="Say more on stderr."),
)


def common(formats: tuple[str, ...]) -> Callable[[Command], Command]:
    """Add the options that every command takes; `formats` are the values of `--format`, the first the default."""

    def add(command: Command) -> Command:
        chosen = click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Output.",
        )
        for option in (chosen, *reversed(COMMON)):
            command = option(command)
        return command

    return add


def limited(command: Command) -> Command:
    """Add the limits of commands that talk to the remote."""
    for option in (
        click.option("--rate", type=click.IntRange(1, 100_000), help="Requests a minute.  [default: 300]"),
        click.option("--concurrency", type=click.IntRange(1, 64), help="Requests at once.  [default: 8]"),
    ):
        command = option(command)
    return command


def judged(command: Command) -> Command:
    """Add `--rules-from` to commands that judge channel files."""
    added: Command = click.option(
        "--rules-from",
        metavar="REF",
        help="Take reconciler.toml and schemas/policy/ from this git revision, such as origin/main.",
    )(command)
    return added


def led(command: Command) -> Command:
    """Add `--connect-to` to commands that probe."""
    added: Command = click.option(
        "--connect-to",
        multiple=True,
        metavar="HOST:PORT:ADDRESS:PORT",
        help="Probe HOST:PORT at ADDRESS:PORT, as curl does; repeatable.",
    )(command)
    return added


def find_root(repo: Path | None) -> Path:
    """Find the repository: as given, else the enclosing git repository, else the current folder."""
    start = (repo or Path.cwd()).resolve()
    if repo:
        return start
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


def channel_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a channel from the names of the files, which are the same; reads none of them."""
    folder = find_root(context.params.get("repo")) / (context.params.get("channels") or "channels")
    found = sorted(path.stem for ending in ("yaml", "yml") for path in folder.rglob(f"*.{ending}"))
    return [name for name in found if name.startswith(incomplete)]


def make_settings(repo: Path | None, **options: Any) -> Settings:
    """Make the settings of one command from its options and the environment."""
    from reconciler.settings import load_settings
    from reconciler.settings_file import FILE, decoded

    root, revision, text = find_root(repo), options.get("rules_from"), None
    if revision:
        from reconciler.ledger.source import read_at

        text = decoded(read_at(root, revision, lambda path: path == FILE).get(FILE, b""))
    return load_settings(root, settings_options(root, options), os.environ, text)


def exits(command: Callable[..., int]) -> Callable[..., int]:
    """Turn the errors of the house into a sentence on stderr and the contract's exit code."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> int:
        from reconciler.cli.failures import guard

        return guard(lambda: command(*args, **kwargs))

    return guarded
