"""`reconciler demo`: the whole story with real requests against the embedded remote, told by the real commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits
from reconciler.cli.output import emit, has_colour, say

if TYPE_CHECKING:
    from reconciler.emulator.serve import Emulator

STEP_SECONDS = 60
BAD_FILE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: careless-webchat
spec:
  id: 0d5f3c1e-7a52-4c0e-9d43-5f1f6b1f7c11
  name: Careless Webchat
  enabled: yes
  webchatSettings:
    webchatUrl: https://webchat.example.com/careless
    corsAllowedOrigin: [https://app.example.com]
    corsAllowedOrigins: ["http://app.example.com", "https://*.example.com", "https://app.example.com/"]
    authProviderId: none
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: the folder that it leaves, the repository in it, and the remote."""

    folder: Path
    work: Path
    emulator: Emulator
    environ: dict[str, str]


@click.command(
    epilog="""\b
Examples:
  reconciler demo
  reconciler demo --dir /tmp/story"""
)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Folder to leave.  [default: reconciler-demo]"
)
@common(("text",))
@exits
def demo(folder: Path | None, **_: Any) -> int:
    """Tell the whole story against the embedded remote, and leave a folder to look at.

    Starts the emulator on loopback with a throw-away CA, takes the repository's channels as they are (their
    hosts are led to loopback), and runs the real commands one after the other.
    """
    from reconciler.errors import UsageError

    try:
        from reconciler.emulator.serve import Emulator
    except ModuleNotFoundError as error:
        raise UsageError(f"the demo needs {error.name}; pip install 'genesys-reconciler[demo]'") from error
    place = _fresh(folder or Path("reconciler-demo"))
    with Emulator(state_file=place / "remote.json") as emulator:
        stage = Stage(place, place / "work", emulator, _environ(emulator))
        _lay_out(stage)
        with _on(stage):
            ended = [act(stage) for act in ACTS]
    _leave(stage)
    return 0 if all(ended) else 1


def _validate(stage: Stage) -> bool:
    bad = stage.work / "channels" / "careless-webchat.yaml"
    _tell("1. A careless channel file. Everything wrong with it is said at once, and nothing is contacted.")
    bad.write_text(BAD_FILE)
    refused = _run("validate", code=3)
    bad.unlink()
    return refused


def _plan(stage: Stage) -> bool:
    _tell(
        "2. Five channels, a messenger and its two deployments, planned against an organisation that has none of them."
    )
    made = _run("plan", "--out", "../plan.json", code=0)
    return _run("plan", "--format", "markdown", code=0, into=stage.folder / "plan.md") and made


def _apply(_: Stage) -> bool:
    _tell(
        "3. The saved plan is applied, the endpoints are proved by TLS and WebSocket handshakes, the run is recorded."
    )
    return _run("apply", "../plan.json", code=0)


def _again(stage: Stage) -> bool:
    _tell("4. A second apply. The remote's own request log says how much it wrote.")
    stage.emulator.clear()
    quiet = _run("apply", "--yes", code=0)
    writes = [request for request in stage.emulator.requests if request["method"] in ("PUT", "DELETE")]
    emit(f"   writes that reached the remote: {len(writes)}")
    return quiet and not writes


def _drift(stage: Stage) -> bool:
    _tell(
        "5. Dana adds an origin in the console. Drift is found, with her name on it, and Git's state restored."
    )
    target = _live(stage, "Secure Webchat Endpoint")
    origins = [*target["webchatSettings"]["corsAllowedOrigins"], "https://shop.example.net"]
    stage.emulator.edit(target["id"], {"webchatSettings": {"corsAllowedOrigins": origins}}, user="Dana")
    found = _run("drift", code=2)
    return _run("apply", "--yes", code=0) and found


def _merged(stage: Stage) -> bool:
    _tell("6. Git changes a description; while it is being applied, Dana adds an origin. Both edits survive.")
    target = _live(stage, "Secure Webchat Endpoint")
    _edit_file(
        stage,
        "secure-webchat",
        lambda text: text.replace("strict CORS and auth binding", "strict origins and a bound login"),
    )
    origins = [*target["webchatSettings"]["corsAllowedOrigins"], "https://kiosk.example.net"]
    _interrupt(stage, target["id"], {"webchatSettings": {"corsAllowedOrigins": origins}})
    return _run("apply", "--yes", code=0)


def _clashed(stage: Stage) -> bool:
    _tell(
        "7. Git changes the name; while it is being applied, Dana changes it too. Nobody is overwritten unseen."
    )
    target = _live(stage, "Secure Webchat Endpoint")
    _edit_file(
        stage,
        "secure-webchat",
        lambda text: text.replace("name: Secure Webchat Endpoint", "name: Secure Webchat"),
    )
    _interrupt(stage, target["id"], {"name": "Secure Webchat (Dana)"})
    return _run("apply", "--yes", "--only", "secure-webchat", code=4)


def _messaging(stage: Stage) -> bool:
    _tell(
        "8. Web messaging, as Genesys Cloud has it: a draft is published, both deployments move to the new version, and"
        " what browsers are served, who is let in and a guest's session are proved."
    )
    _edit_file(
        stage,
        "storefront-messenger",
        lambda text: text.replace("How can we help?", "What can we do for you?"),
    )
    names = [
        word for name in ("storefront-messenger", "storefront", "help-pages") for word in ("--only", name)
    ]
    return _run("apply", "--yes", *names, code=0)


def _record(stage: Stage) -> bool:
    _tell(
        "9. What happened stands in Git, on a branch of its own, each record with the hash of the one before."
    )
    listed = _run("report", "verify", code=0)
    _run("report", "show", "latest", "--format", "markdown", code=0, into=stage.folder / "latest-run.md")
    return listed


ACTS: tuple[Callable[[Stage], bool], ...] = (
    _validate,
    _plan,
    _apply,
    _again,
    _drift,
    _merged,
    _clashed,
    _messaging,
    _record,
)


def _tell(text: str) -> None:
    emit("\n" + click.style(text, bold=True) if has_colour() else f"\n{text}")


def _run(*words: str, code: int, into: Path | None = None) -> bool:
    """Run one real command line in the story's repository; tell where it did not end as the story needs it."""
    from reconciler.cli.main import run

    if into is None:
        emit(f"\n$ reconciler {' '.join(words)}")
        ended = run([*words, "--quiet"])
    else:
        with into.open("w", encoding="utf-8") as file, redirect_stdout(file):
            ended = run([*words, "--quiet"])
    if ended and into is None:
        emit(f"(exit {ended})")
    if ended != code:
        say(f"error: the story needs exit {code} here, and it was {ended}")
    return ended == code


@contextmanager
def _on(stage: Stage) -> Iterator[None]:
    """Stand where the story's commands are typed, with its variables; its commands share one process, and one start."""
    here, variables = Path.cwd(), dict(os.environ)
    try:
        os.chdir(stage.work)
        os.environ.clear()
        os.environ.update(stage.environ)
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(variables)


def _environ(emulator: Emulator) -> dict[str, str]:
    # Variables of a real organisation must not reach the story.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GENESYS_", "RECONCILER_", "GIT_"))
    }
    return kept | emulator.environment()


def _fresh(folder: Path) -> Path:
    """Make a folder that is not there yet; an earlier story is left as it is."""
    from reconciler.errors import UsageError

    names = [folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 100))]
    for name in names:
        try:
            name.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"the folder {name} cannot be made: {error.strerror}") from error
        return name.resolve()
    raise UsageError(f"{folder} and 98 others exist; remove some, or give --dir")


def _lay_out(stage: Stage) -> None:
    """Make the story's repository, with a remote of its own that the record is pushed to."""
    from reconciler.acts.load import shipped

    for name in ("channels", "schemas"):
        shutil.copytree(shipped(name), stage.work / name)
    git = shutil.which("git")
    if git is None:
        from reconciler.errors import UsageError

        raise UsageError("the demo needs git on the PATH")
    author = (
        "-c",
        "user.name=Platform Team",
        "-c",
        "user.email=platform@example.com",
        "-c",
        "commit.gpgsign=false",
    )
    for words in (
        ("init", "--quiet", "--bare", str(stage.folder / "origin.git")),
        ("init", "--quiet", "--initial-branch=main", "."),
        ("remote", "add", "origin", str(stage.folder / "origin.git")),
        ("add", "."),
        (*author, "commit", "--quiet", "--message", "Five channels and a messenger"),
        ("push", "--quiet", "origin", "main"),
    ):
        subprocess.run([git, *words], cwd=stage.work, env=stage.environ, check=True, timeout=STEP_SECONDS)


def _live(stage: Stage, name: str) -> dict[str, Any]:
    channels = stage.emulator.store.channels.live.values()
    return next(dict(channel) for channel in channels if channel["name"] == name)


def _edit_file(stage: Stage, name: str, edit: Callable[[str], str]) -> None:
    path = stage.work / "channels" / f"{name}.yaml"
    path.write_text(edit(path.read_text()))


def _interrupt(stage: Stage, id_: str, patch: dict[str, Any]) -> None:
    """Have Dana edit the channel right before the next write of it arrives."""
    path = f"/api/v2/webchat/channels/{id_}"
    stage.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": path, "id": id_, "patch": patch, "user": "Dana"}
    )


def _leave(stage: Stage) -> None:
    place = os.path.relpath(stage.folder)
    emit(
        f"""
The story is over; {place}/ holds what it left:
  work/            the repository: channels/, and the record on the branch reconciler-record
  origin.git       the remote that the record was pushed to
  plan.json        the saved plan, and plan.md as a reviewer sees it
  latest-run.md    the report of the last run
  remote.json      the state of the embedded remote

Try next:
  git -C {place}/work log --stat reconciler-record
  reconciler emulator --state {place}/remote.json --env-file emulator.env &
  set -a; . ./emulator.env; set +a; reconciler plan --repo {place}/work
  reconciler explain origin-https"""
    )
