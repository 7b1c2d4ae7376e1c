"""`reconciler watch`: judge the files each time one is saved, and say what the last plan said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, find_root, make_settings
from reconciler.cli.output import emit, has_colour, say, width

if TYPE_CHECKING:
    from reconciler.acts.load import Loaded
    from reconciler.report.terminal import Line
    from reconciler.settings import Settings

ENDINGS = (".yaml", ".yml", ".json", ".toml")
WAIT_MILLISECONDS = 250
QUIET_MILLISECONDS = 100
"""Files that are saved together are judged once."""


@click.command(
    epilog="""\b
Examples:
  reconciler watch
  reconciler watch --plan /tmp/plan.json"""
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("plan.json"),
    show_default=True,
    help="The saved plan whose verdict is shown.",
)
@common(("text",))
@exits
def watch(repo: Path | None, plan_file: Path, form: str, **options: Any) -> int:  # noqa: ARG001 - one format
    """Validate whenever a file is saved, and show the last plan's verdict, until Ctrl-C; contacts nothing."""
    from watchfiles import watch as saves

    from reconciler.errors import UsageError

    settings = make_settings(repo, channels=options["channels"], ca_file=options["ca_file"])
    folder = settings.channels_folder
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder} to watch; reconciler init makes one")
    heeds = _is_ours((folder, *(settings.repo / one for one in settings.overlays)), plan_file)
    places = {find_root(repo), plan_file.resolve().parent}
    first = True
    # The first judgement comes with the first wait: a file saved before the watch stands would not be seen.
    for saved in saves(
        *places,
        watch_filter=heeds,
        debounce=QUIET_MILLISECONDS,
        rust_timeout=WAIT_MILLISECONDS,
        yield_on_timeout=True,
    ):
        if saved or first:
            _judge_anew(repo, plan_file, options)
        first = False
    return 0


def _judge_anew(repo: Path | None, plan_file: Path, options: dict[str, Any]) -> None:
    from reconciler.errors import UsageError

    try:
        # The settings may be what was saved, and what is wrong with them is mended by the next save.
        judge(make_settings(repo, channels=options["channels"], ca_file=options["ca_file"]), repo, plan_file)
    except UsageError as error:
        say(f"error: {error}")


def judge(settings: Settings, repo: Path | None, plan_file: Path) -> None:
    """Judge the files once, and say how they stand and what the last plan said."""
    from reconciler.acts.load import load_channels
    from reconciler.cli.rules import rule_settings
    from reconciler.cli.validate import show_findings
    from reconciler.report.terminal import page

    loaded = load_channels(
        find_root(repo), settings.channels, rule_settings(settings), overlays=settings.overlays
    )
    show_findings(loaded, "text", quiet=False)
    emit(page(_plan_lines(loaded, plan_file), colour=has_colour()) + "\n")


def _plan_lines(loaded: Loaded, path: Path) -> Iterator[Line]:
    """Write the verdict of the saved plan, and whether it is of the files as they are now."""
    from reconciler.cli.plan import load
    from reconciler.decide.saved_plan import read_plan
    from reconciler.errors import BrokenPlan, UsageError
    from reconciler.report.terminal import Colour, wrapped
    from reconciler.report.wording import plan_verdict

    again = f"reconciler plan --out {path}"
    if not path.exists():
        yield from wrapped(f"No plan is saved in {path}: {again}", width(), colour=Colour.DIM)
        return
    try:
        document = load(path)
        plan = read_plan(document)
    except (UsageError, BrokenPlan) as error:
        yield from wrapped(str(error), width(), colour=Colour.YELLOW)
        return
    same = plan.binding.files == loaded.files
    stands = "of these files" if same else f"of other files, plan again: {again}"
    colour = Colour.GREEN if same else Colour.YELLOW
    yield from wrapped(f"Last plan, {stands}. {plan_verdict(document)}", width(), colour=colour)


def _is_ours(folders: Sequence[Path], plan_file: Path) -> Any:
    """Say which saved files matter: channel files, rules, settings, the plan; not what the tool keeps for itself."""
    plan = plan_file.resolve()

    def matters(_change: object, path: str) -> bool:
        saved = Path(path)
        inside = (
            any(map(saved.is_relative_to, folders))
            or saved.name == "reconciler.toml"
            or "policy" in saved.parts
        )
        return saved == plan or (inside and saved.suffix in ENDINGS and ".git" not in saved.parts)

    return matters
