"""`reconciler emulator`: the embedded remote on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import common, exits
from reconciler.cli.output import emit


@click.command(
    epilog="""\b
Examples:
  reconciler emulator --port 8443 --state remote.json --env-file emulator.env
  set -a; . ./emulator.env; set +a; reconciler plan"""
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default="any", help="Port on 127.0.0.1."
)
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Load and keep the state here."
)
@click.option("--env-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the variables here.")
@common(("text",))
@exits
def emulator(port: int, state: Path | None, env_file: Path | None, **_: Any) -> int:
    """Run the embedded remote: API, login, webhooks, audit log and endpoints over TLS, on loopback alone.

    Prints the variables that point reconciler at it, writes them to --env-file once it answers, and runs until
    SIGINT or SIGTERM.
    """
    from reconciler.errors import UsageError

    try:
        from reconciler.emulator.serve import run_until_signal
        from reconciler.emulator.state import BrokenState
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the emulator needs {error.name}; pip install 'genesys-reconciler[demo]'"
        ) from error
    try:
        run_until_signal(port, state, env_file, emit)
    except BrokenState as error:
        raise UsageError(f"--state {state}: {error}") from error
    except OSError as error:
        raise UsageError(f"the emulator cannot run: {error.strerror or error}") from error
    return 0
