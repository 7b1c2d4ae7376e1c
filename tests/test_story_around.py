"""What stands around the main job: the emulator as a command, progress, colour, and commands asked in odd ways."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from story import IDS, PATH, Story, git_environ

from reconciler.cli import output
from reconciler.cli.main import run

HOOK = "https://monitor.example.com/hooks/webchat"
AUDIT = "/api/v2/auditlogs"


def requested(story: Story) -> set[str]:
    """Give the paths that were asked of the API since the last look, and forget them."""
    paths = {request["path"] for request in story.requests()}
    story.emulator.clear()
    return paths


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_emulator_serves_other_commands_until_a_signal_and_keeps_its_state(
    tmp_path: Path, number: signal.Signals
) -> None:
    env_file, state = tmp_path / "emulator.env", tmp_path / "remote.json"
    words = ["emulator", "--env-file", env_file, "--state", state]
    clean = {name: value for name, value in git_environ().items() if not name.startswith("GENESYS_")}
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *words], env=clean, stdout=subprocess.PIPE, text=True
    ) as emulator:
        deadline = time.monotonic() + 30
        while not env_file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        lines = env_file.read_text().splitlines()
        environ = clean | dict(line.split("=", 1) for line in lines)
        for arguments, code in (
            (["init"], 0),
            (["apply", "--yes", "--no-record"], 0),
            (["plan", "--exit-code"], 0),
        ):
            command = [sys.executable, "-m", "reconciler", *arguments, "--repo", tmp_path]
            ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
            assert ended.returncode == code, ended.stderr
        emulator.send_signal(number)
        told, _ = emulator.communicate(timeout=20)
    assert set(lines) <= set(told.splitlines())
    assert "Example Webchat" in state.read_text()


def test_webhooks_are_listed_only_where_a_file_names_one(story: Story) -> None:
    story.write("support", 0)
    story.json("plan")
    assert requested(story) == {PATH.rstrip("/")}
    story.write("support", 0, webhook=HOOK)
    story.json("plan")
    assert requested(story) == {PATH.rstrip("/"), "/api/v2/webhooks"}


def test_a_channel_is_adopted_by_its_name_or_its_id_and_no_other(story: Story) -> None:
    for number, name in enumerate(("support", "retail", "partner")):
        story.seed(name, number)
    assert [file["id"] for file in story.json("adopt", "Channel retail")[1]["files"]] == [IDS[1]]
    assert [file["id"] for file in story.json("adopt", IDS[2])[1]["files"]] == [IDS[2]]
    assert len(list((story.repo / "channels").iterdir())) == 2
    ended = story.run("adopt", "Channel suport")
    assert (ended.code, "Channel su" in ended.err) == (64, True)


def test_adopting_twice_changes_nothing(story: Story) -> None:
    story.seed("support", 0)
    story.run("adopt")
    (path,) = (story.repo / "channels").iterdir()
    before = path.read_bytes()
    _, document = story.json("adopt", IDS[0])
    assert [file["result"] for file in document["files"]] == ["unchanged"]
    assert path.read_bytes() == before


def test_an_audit_log_that_cannot_be_read_whole_is_said_and_ends_with_1(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    story.emulator.add_fault(
        {"do": "reply", "when": "before", "status": 400, "method": "GET", "path": AUDIT, "times": None}
    )
    code, document = story.json("audit")
    assert (code, document["complete"], document["entries"]) == (1, False, [])
    assert document["reason"]


def test_an_audit_cursor_that_repeats_ends_the_reading_and_is_said(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    for number in range(150):
        story.emulator.edit(IDS[0], {"description": f"Edit {number}"})
    story.emulator.add_fault({"do": "repeat-cursor", "method": "GET", "path": AUDIT, "times": None})
    code, document = story.json("audit")
    assert (code, document["complete"]) == (1, False)
    assert "cursor" in document["reason"]


def test_a_record_that_was_tampered_with_breaks_the_chain(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    for _ in range(2):
        assert story.json("apply", "--yes")[0] == 0
    assert story.run("report", "verify").code == 0
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record").splitlines()
    first = min(name for name in names if name.startswith("runs/") and name.endswith(".json"))
    story.git("worktree", "add", "--quiet", "../record", "reconciler-record")
    record = story.repo.parent / "record" / first
    record.write_text(record.read_text().replace('"exit":0', '"exit":4').replace('"exit": 0', '"exit": 4'))
    subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qam", "nothing to see"],
        cwd=story.repo.parent / "record",
        check=True,
        env=git_environ(),
    )
    code, document = story.json("report", "verify")
    assert (code, document["chain"]["valid"]) == (1, False)
    assert story.json("report")[0] == 0


def test_reports_outside_a_repository_are_wrong_usage(tmp_path: Path) -> None:
    assert run(["report", "--repo", str(tmp_path)]) == 64


def test_a_disabled_channel_is_named_as_not_probed(story: Story) -> None:
    story.write("support", 0, enabled=False)
    code, document = story.json("verify")
    assert (code, document["probes"]) == (0, [])
    assert document["skipped"] == [{"name": "support", "reason": "it is disabled"}]


def test_a_name_that_no_file_has_is_wrong_usage_in_every_command(story: Story) -> None:
    story.write("support", 0)
    for words in (["verify", "suport"], ["audit", "suport"], ["apply", "--yes", "--only", "suport"]):
        ended = story.run(*words)
        assert (ended.code, "'support'" in ended.err) == (64, True), words
    assert story.emulator.requests == []


def test_progress_is_told_by_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "PLAIN_SECONDS", 0.0)
    with output.progress("applied", 3, quiet=False) as count:
        for _ in range(3):
            count()
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "applied: 1/3\napplied: 2/3\napplied: 3/3\n")
    with output.progress("applied", 3, quiet=True) as count:
        count()
    assert capsys.readouterr().err == ""


def test_what_is_over_at_once_tells_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("applied", 3, quiet=False) as count:
        count()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, False)],
)
def test_colour_stands_on_terminals_alone_and_not_against_the_word_of_the_user(
    environ: dict[str, str], coloured: bool
) -> None:
    near, far = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "explain", "origin-https"]
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")
    }
    try:
        subprocess.run([*command], stdout=far, stdin=subprocess.DEVNULL, env=kept | environ, check=True)
        shown = os.read(near, 65_536)
    finally:
        os.close(near)
        os.close(far)
    assert (b"\x1b[" in shown) == coloured
    piped = subprocess.run(command, env=kept | environ, capture_output=True, check=True).stdout
    assert (b"\x1b[" in piped) == (environ.get("FORCE_COLOR") == "1" and coloured)
