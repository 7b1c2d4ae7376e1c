from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reconciler.acts.folder import DEPTH_LIMIT
from reconciler.acts.load import Loaded, load_channels, load_schemas
from reconciler.desired.limits import FILE_LIMIT
from reconciler.desired.rules import RuleSettings
from reconciler.errors import InvalidFiles, UsageError

SECRET = "root:x:0:0"
TEXT = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: {name}
spec:
  id: 00000000-0000-4000-8000-{number:012d}
  name: Support
  enabled: true
  webchatSettings:
    webchatUrl: https://chat.example.com
    corsAllowedOrigins: [https://app.example.com]
    authProviderId: provider-1
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "channels").mkdir()
    write(tmp_path, "channels/support.yaml", 1)
    return tmp_path


def write(repo: Path, path: str, number: int) -> Path:
    file = repo / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TEXT.format(name=file.stem, number=number))
    return file


def load(repo: Path, *paths: Path) -> Loaded:
    return load_channels(repo, "channels", RuleSettings(), paths)


def places(loaded: Loaded) -> list[tuple[str, str]]:
    return [(finding.rule, finding.file) for finding in loaded.findings]


def test_channel_files_are_found_in_every_folder_and_other_files_ignored(repo: Path) -> None:
    write(repo, "channels/eu/north/sales.yml", 2)
    (repo / "channels" / "README.md").write_text("not a channel")
    (repo / "channels" / "notes.yaml.bak").write_text("neither")
    loaded = load(repo)
    assert [channel.name for channel in loaded.channels] == ["sales", "support"]
    assert (loaded.count, loaded.findings) == (2, ())


def test_an_empty_folder_holds_nothing_and_a_missing_one_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    assert load(tmp_path).channels == ()
    (tmp_path / "channels").rmdir()
    with pytest.raises(UsageError, match="reconciler init"):
        load(tmp_path)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "missing", "link.yaml", "."])
def test_a_link_is_refused_without_looking_behind_it(repo: Path, target: str) -> None:
    (repo.parent / "secret").write_text(SECRET)
    (repo / "channels" / "link.yaml").symlink_to(target)
    loaded = load(repo)
    assert places(loaded) == [("file-link", "channels/link.yaml")]
    assert SECRET not in str(loaded.findings)


def test_a_link_to_a_folder_is_refused_and_not_followed(repo: Path) -> None:
    write(repo, "elsewhere/sales.yaml", 2)
    (repo / "channels" / "eu").symlink_to("../elsewhere")
    assert places(load(repo)) == [("file-link", "channels/eu")]


def test_a_channel_folder_that_is_a_link_is_no_channel_folder(repo: Path) -> None:
    (repo / "channels").rename(repo / "elsewhere")
    (repo / "channels").symlink_to("elsewhere")
    with pytest.raises(UsageError, match="there is no folder"):
        load(repo)


def test_a_pipe_a_socket_and_a_folder_are_refused_at_once(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(repo / "channels" / "pipe.yaml")
    (repo / "channels" / "folder.yaml").mkdir()
    monkeypatch.chdir(repo / "channels")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.yaml")
        assert places(load(repo)) == [
            ("file-type", "channels/folder.yaml"),
            ("file-type", "channels/pipe.yaml"),
            ("file-type", "channels/socket.yaml"),
        ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_nobody_may_read_is_named(repo: Path) -> None:
    write(repo, "channels/sales.yaml", 2).chmod(0)
    assert places(load(repo)) == [("file-unreadable", "channels/sales.yaml")]


def test_a_file_above_the_limit_is_not_read_further(repo: Path) -> None:
    (repo / "channels" / "big.yaml").write_bytes(b"#" * (FILE_LIMIT + 1))
    assert places(load(repo)) == [("file-size", "channels/big.yaml")]


def test_folders_inside_each_other_end_somewhere(repo: Path) -> None:
    folder = repo / "channels" / "/".join("a" * (DEPTH_LIMIT + 1))
    folder.mkdir(parents=True)
    with pytest.raises(UsageError, match=f"more than {DEPTH_LIMIT} folders deep"):
        load(repo)


@pytest.mark.parametrize("name", ["a\nb", "::error::x", "-rf", "\x1b[31m", "naïve"])
def test_a_file_may_be_called_anything_and_only_its_channel_is_wrong(repo: Path, name: str) -> None:
    (repo / "channels" / f"{name}.yaml").write_text(TEXT.format(name="sales", number=2))
    assert places(load(repo)) == [("name-matches-file", f"channels/{name}.yaml")]


def test_a_named_file_is_judged_with_all_others_and_only_its_findings_shown(repo: Path) -> None:
    twin = write(repo, "channels/eu/support.yaml", 2)
    (repo / "channels" / "broken.yaml").write_text("a: [")
    assert places(load(repo, twin)) == [("name-unique", "channels/eu/support.yaml")]


def test_a_file_outside_the_folder_is_judged_alone(repo: Path) -> None:
    elsewhere = write(repo, "drafts/support.yaml", 1)
    loaded = load(repo, elsewhere)
    assert (places(loaded), loaded.count) == ([], 1)


def test_a_path_that_is_not_there_is_wrong_usage(repo: Path) -> None:
    for path in (repo / "channels" / "missing.yaml", repo / "missing.yaml"):
        with pytest.raises(UsageError, match="there is no file"):
            load(repo, path)


def test_the_digest_is_of_paths_and_bytes(repo: Path) -> None:
    before = load(repo).files
    assert load(repo).files == before
    (repo / "channels" / "README.md").write_text("no channel")
    assert load(repo).files == before
    file = repo / "channels" / "support.yaml"
    file.write_text(file.read_text() + "# a comment\n")
    moved = load(repo).files
    assert moved != before
    (repo / "channels" / "eu").mkdir()
    file.rename(repo / "channels" / "eu" / "support.yaml")
    assert load(repo).files not in (before, moved)


def test_one_error_keeps_all_channels_back(repo: Path) -> None:
    (repo / "channels" / "broken.yaml").write_text("a: [")
    with pytest.raises(InvalidFiles):
        load(repo).require_valid()


def test_every_schema_says_which_kind_it_is_for() -> None:
    assert all(schema["properties"]["kind"]["const"] for schema in load_schemas().values())
