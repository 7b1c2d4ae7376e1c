"""What is remembered of sound files: never a verdict that the rules would not give, whatever became of the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.acts import digests
from reconciler.acts import load as module
from reconciler.acts.cache import Cache, cache_of
from reconciler.acts.load import load_channels
from reconciler.desired.document import Document
from reconciler.desired.rules import RuleSettings

FILE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: channel-{number}
spec:
  id: 00000000-0000-4000-8000-{number:012d}
  name: Channel {number}
  enabled: true
  webchatSettings:
    webchatUrl: https://webchat.example.com/{number}
    corsAllowedOrigins: [https://app.example.com]
    authProviderId: oauth2-provider-1
"""
SETTINGS = RuleSettings()


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("RECONCILER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "repo" / "channels"
    folder.mkdir(parents=True)
    for number in range(5):
        (folder / f"channel-{number}.yaml").write_text(FILE.format(number=number))
    return tmp_path / "repo"


def cache_file(repo: Path) -> Path:
    [path] = (repo.parent / "cache" / "reconciler").iterdir()
    return path


def load(repo: Path, settings: RuleSettings = SETTINGS) -> Any:
    loaded = load_channels(repo, "channels", settings)
    return loaded.channels, loaded.findings, loaded.files


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of files that were read and judged."""
    from reconciler.acts import load as loading

    names: list[str] = []
    read = loading.read_documents

    def noted(files: Any, book: Any) -> Any:
        names.extend(name for name, _ in files)
        return read(files, book)

    monkeypatch.setattr(loading, "read_documents", noted)
    return names


def test_what_was_sound_is_not_judged_again_until_it_changes(repo: Path, judged: list[str]) -> None:
    first = load(repo)
    assert len(judged) == 5
    judged.clear()
    assert load(repo) == first
    assert judged == []
    path = repo / "channels" / "channel-3.yaml"
    path.write_text(path.read_text().replace("Channel 3", "Three"))
    assert load(repo)[0][3].spec["name"] == "Three"
    assert judged == ["channels/channel-3.yaml"]
    judged.clear()
    load(repo)
    assert judged == []


def test_an_invalid_file_is_judged_every_time(repo: Path, judged: list[str]) -> None:
    load(repo)
    path = repo / "channels" / "channel-1.yaml"
    path.write_text(path.read_text().replace("https://app", "http://app"))
    judged.clear()
    for _ in range(2):
        assert [finding.rule for finding in load(repo)[1]] == ["origin-https"]
    assert judged == ["channels/channel-1.yaml"] * 2


def test_the_same_bytes_under_another_name_are_another_file(repo: Path) -> None:
    load(repo)
    (repo / "channels" / "channel-1.yaml").rename(repo / "channels" / "other.yaml")
    assert {finding.rule for finding in load(repo)[1]} == {"name-matches-file"}


def test_two_sound_files_may_still_contradict_each_other(repo: Path) -> None:
    load(repo)
    path = repo / "channels" / "channel-1.yaml"
    path.write_text(path.read_text().replace("8000-000000000001", "8000-000000000002"))
    for _ in range(2):
        assert {finding.rule for finding in load(repo)[1]} == {"id-unique"}


def test_other_rules_believe_nothing_of_before(
    repo: Path, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(repo)
    judged.clear()
    load(repo, RuleSettings(allowed_hosts=("localhost",)))
    assert len(judged) == 5
    judged.clear()
    monkeypatch.setattr(digests, "code_digest", lambda: "other")
    load(repo)
    assert len(judged) == 5


@given(data=st.data())
def test_a_damaged_cache_is_only_slow(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cache") / "documents"
    files = [(f"channels/{number}.yaml", b"a: %d\n" % number) for number in range(4)]
    made = Cache(path, "key")
    made.recall(files)
    made.remember([Document(*_swapped(file), is_sound=True) for file in files], len(files))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        spot = data.draw(st.integers(0, len(whole) - 1))
        whole[spot] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    path.chmod(0o600)
    for number, known in enumerate(Cache(path, "key").recall(files)):
        assert known is None or known.value == {"a": number}
    assert Cache(path, "another key").recall(files) == [None] * 4


def _swapped(file: tuple[str, bytes]) -> tuple[str, Any, bytes]:
    name, data = file
    return name, {"a": int(data[3:])}, data


def test_a_cache_that_others_can_write_is_not_believed(repo: Path, judged: list[str]) -> None:
    load(repo)
    cache_file(repo).chmod(0o666)
    judged.clear()
    load(repo)
    assert len(judged) == 5
    path = cache_file(repo)
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))
    judged.clear()
    load(repo)
    assert len(judged) == 5


@pytest.mark.parametrize(
    "environ", [{"HOME": "/h", "CI": "true"}, {"HOME": "/h", "RECONCILER_CACHE": "off"}, {}, {"HOME": ""}]
)
def test_there_is_no_cache_in_ci_or_where_none_is_wanted(environ: dict[str, str]) -> None:
    assert cache_of(Path("/repo"), "key", environ)._path is None
    assert cache_of(Path("/repo"), "key", {"HOME": "/h"})._path is not None


def test_a_cache_that_cannot_be_written_is_done_without(repo: Path) -> None:
    (repo.parent / "cache").write_text("in the way")
    assert len(load(repo)[0]) == 5


def test_lines_of_files_that_are_gone_go_in_the_end(repo: Path) -> None:
    path = repo / "channels" / "channel-0.yaml"
    for turn in range(16):
        path.write_text(FILE.format(number=0).replace("Channel 0", f"Turn {turn}"))
        load(repo)
    assert len(cache_file(repo).read_bytes().split(b"\n")) <= 2 * 3 * 5
    assert oct(cache_file(repo).stat().st_mode & 0o777) == "0o600"


def overlay(repo: Path, number: int, text: str) -> None:
    folder = repo / "overlays" / "emea"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"channel-{number}.yaml").write_text(text)


def test_an_overlay_is_never_passed_by_however_warm_the_cache(repo: Path, judged: list[str]) -> None:
    plain = load(repo)
    assert cache_file(repo).exists()
    overlay(repo, 3, "spec: {enabled: false}\n")
    warm = load_channels(repo, "channels", SETTINGS, overlays=["overlays/emea"])
    assert [one.spec["enabled"] for one in warm.channels] == [True, True, True, False, True]
    assert warm.files != plain[2]
    overlay(repo, 3, "spec: {webchatSettings: {corsAllowedOrigins: [http://evil.example.com]}}\n")
    for _ in range(2):
        wrong = load_channels(repo, "channels", SETTINGS, overlays=["overlays/emea"])
        assert [(one.rule, one.file) for one in wrong.findings if one.severity == "error"] == [
            ("origin-https", "overlays/emea/channel-3.yaml")
        ]
    # Nothing of it was remembered for those who have no overlay; and nothing was read twice.
    assert load(repo)[0] == plain[0]
    assert len(judged) == 5


def test_a_channel_file_that_only_its_overlay_makes_whole_is_not_remembered_as_whole(repo: Path) -> None:
    path = repo / "channels" / "channel-2.yaml"
    path.write_text(path.read_text().replace("  enabled: true\n", ""))
    overlay(repo, 2, "spec: {enabled: true}\n")
    for _ in range(2):
        whole = load_channels(repo, "channels", SETTINGS, overlays=["overlays/emea"])
        assert not [one for one in whole.findings if one.severity == "error"]
        assert [one.rule for one in load(repo)[1] if one.severity == "error"] == ["required-field"]
