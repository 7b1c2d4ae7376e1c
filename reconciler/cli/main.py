"""The command line as a whole: names, help and exit codes; each command is imported only when it is used."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import Any, NoReturn

import click

from reconciler import __version__

# Help for the list of commands stands here, so that listing them imports none of them.
OBJECTS = 50_000
"""New objects after which the collector looks for garbage."""
COMMANDS = {
    "init": "Lay out channels/, schemas and settings in a repository.",
    "validate": "Check channel files against the schemas and the security rules.",
    "watch": "Validate on each save, and show the last plan's verdict.",
    "fmt": "Write channel files in one form, comments kept.",
    "plan": "Show what would change, or check a saved plan.",
    "apply": "Write what the plan says, prove the endpoints, record the run.",
    "drift": "Compare live with what was applied and what Git wants; say who moved what.",
    "verify": "Check the endpoints by TLS and WebSocket handshakes.",
    "adopt": "Write live channels into channel files.",
    "audit": "Read the remote's audit log of the channels.",
    "report": "List, show and verify recorded runs.",
    "fleet": "Plan, apply or look for drift in every organisation of fleet.yaml.",
    "shards": "Divide the organisations of fleet.yaml among the jobs of a CI matrix.",
    "github": "Tell of a plan, a run or drift on GitHub: comment, issue, check, summary.",
    "explain": "Say what a rule demands, why, and how to fix it.",
    "doctor": "Check settings, credentials and connections, with a fix for each.",
    "emulator": "Run the embedded remote on loopback.",
    "demo": "Tell the whole story against the embedded remote.",
}

EPILOG = """\b
Examples:
  reconciler validate
  reconciler plan --out plan.json
  reconciler apply plan.json
  reconciler explain origin-https

\b
Exit codes: 0 done; 1 could not do the job; 2 changes or drift found; 3 files
invalid; 4 not all applied; 5 an endpoint check failed; 6 not recorded; 64 wrong
usage; 130, 143 interrupted."""


class Commands(click.Group):
    """The commands, each imported from its own module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Give the names in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """What runs in Genesys Cloud becomes what a pull request merged, and is proved to be so."""


def main() -> NoReturn:
    """Run the command line and end the process with the contract's exit code."""
    # A run is short, and most of what it makes stays: looking for garbage after every 700 objects, and once more
    # at the end, would be a tenth of its time.
    gc.set_threshold(OBJECTS)
    _open_streams()
    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def _open_streams() -> None:
    """Lead streams that this process was not given to nowhere: the next file would take their place, and hear all."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def run(arguments: list[str]) -> int:
    """Run one command line and give its exit code; no traceback reaches a person."""
    try:
        ended: Any = cli.main(args=arguments, prog_name="reconciler", standalone_mode=False)
    except click.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 64
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
    except OSError as error:
        if error.filename is not None:
            raise  # It is about a file, and was no printing.
        from reconciler.cli.output import give_up

        give_up(error)
        return 141 if isinstance(error, BrokenPipeError) else 1
    return ended if isinstance(ended, int) else 0
