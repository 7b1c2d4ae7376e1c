"""Bad files and hostile surroundings through the command line: a finding at its place, no traceback, no socket."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run

GOOD = (Path(__file__).parent / "cases" / "valid" / "origin-path" / "shop.yaml").read_text()
LIST = "    corsAllowedOrigins:\n      - https://shop.example.com\n"
SECONDS = 5.0
"""Far more than a file takes, for machines that do other work; the figures say what it takes."""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def origins(text: str) -> str:
    return changed(LIST, f"    corsAllowedOrigins: {text}\n")


def extra(line: str) -> str:
    return changed("  owner: storefront\n", f"  owner: storefront\n  labels:\n    a: {line}\n")


BOMB = "".join(f"k{i}: &k{i} {{<<: [*k{i - 1}, *k{i - 1}]}}\n" for i in range(1, 20))
FILES: dict[str, tuple[str | bytes, str]] = {
    # YAML
    "Y1 duplicate": (changed("  name: Shop", "  name: A\n  name: Shop"), "yaml-duplicate-key"),
    "Y1 true and yes": (changed("spec:\n", "spec:\n  true: 1\n  yes: 2\n"), "yaml-key"),
    "Y1 number and text": (changed("spec:\n", 'spec:\n  1: a\n  "1": b\n'), "yaml-key"),
    "Y2 anchor": (changed("kind:", "x: &a 1\ny: *a\nkind:"), "yaml-anchor"),
    "Y2 merge bomb": ("k0: &k0 {a: 1}\n" + BOMB, "yaml-anchor"),
    "Y3 python": (extra('!!python/object/apply:os.system ["true"]'), "yaml-tag"),
    "Y3 empty int": (extra('!!int ""'), "yaml-tag"),
    "Y3 timestamp": (extra("!!timestamp foo"), "yaml-tag"),
    "Y3 binary": (extra("!!binary aGk="), "yaml-tag"),
    "Y4 no": (changed("enabled: true", "enabled: no"), "yaml-ambiguous"),
    "Y4 text": (changed("enabled: true", 'enabled: "false"'), "wrong-type"),
    "Y4 null": (changed("enabled: true", "enabled: null"), "wrong-type"),
    "Y5 date": (extra("2026-13-45"), "yaml-ambiguous"),
    "Y5 digits": (extra("9" * 5000), "yaml-number"),
    "Y5 nan": (extra(".nan"), "yaml-number"),
    "Y5 octal": (extra("0123"), "yaml-ambiguous"),
    "Y5 sexagesimal": (extra("12:30:45"), "yaml-ambiguous"),
    "Y5 underscore": (extra("1_000"), "yaml-ambiguous"),
    "Y6 depth": (extra("[" * 3000), "yaml-depth"),
    "Y6 nodes": (extra("[" + "a," * 30_000 + "a]"), "yaml-nodes"),
    "Y6 size": (extra("a" * 70_000), "file-size"),
    "Y7 two documents": (GOOD + "---\n" + GOOD, "yaml-documents"),
    "Y7 empty": ("", "yaml-empty"),
    "Y7 comment": ("# nothing\n", "yaml-empty"),
    "Y7 list": ("- a\n", "yaml-top-level"),
    "Y7 scalar": ("a\n", "yaml-top-level"),
    "Y8 utf-8": (GOOD.encode().replace(b"Shop", b"Sh\xffp"), "file-encoding"),
    "Y8 utf-16": (b"\xff\xfe" + GOOD.encode("utf-16-le"), "file-encoding"),
    "Y8 nul": (GOOD.encode() + b"\0", "file-encoding"),
    "Y8 surrogate": (extra('"\\ud800"'), "yaml-syntax"),
    "Y9 bidi": (extra("a\u202eb"), "hidden-character"),
    "Y9 zero width": (extra("a\u200bb"), "hidden-character"),
    "Y9 escape": (extra('"\\e[31m"'), "hidden-character"),
    "Y9 next line": (extra('"\\N"'), "hidden-character"),
    "Y9 separator": (extra('"a\\Lb"'), "hidden-character"),
    "Y10 tab": (changed("  owner", "\towner"), "yaml-syntax"),
    "Y10 colons": (extra("b: c: d"), "yaml-syntax"),
    "Y10 quote": (extra('"open'), "yaml-syntax"),
    "Y16 lfs": ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "file-lfs"),
    "Y16 conflict": ("<<<<<<< HEAD\n" + GOOD + "=======\n>>>>>>> x\n", "file-conflict"),
    "Y16 long line": (extra('"' + "a" * 65_000 + '"'), "wrong-length"),
    # schema and policy
    "P1 unknown": (changed("authProviderId", "authProvderId"), "unknown-field"),
    "P2 none": (changed("oauth2-provider-12345", '"none"'), "auth-provider"),
    "P2 blank": (changed("oauth2-provider-12345", '" "'), "auth-provider"),
    "P2 truth": (changed("oauth2-provider-12345", "true"), "wrong-type"),
    "P2 mapping": (changed("oauth2-provider-12345", "{}"), "wrong-type"),
    "P4 path": (changed("id: 3", "id: ../oauth/clients/3"), "id-uuid"),
    "P4 query": (changed("id: 3", "id: a?force=true3"), "id-uuid"),
    "P4 line end": (
        changed("  name: Shop", '  id: "3f1d6f0a-6f0e-4f7e-9b0a-6d2f8a4c1b02\\n"\n  name: Shop'),
        "yaml-duplicate-key",
    ),
    "P5 blanks": (changed("  name: Shop", '  name: "   "\n  #'), "wrong-value"),
    "P6 reference": (changed("spec:\n", 'spec:\n  $ref: "http://127.0.0.1:9/x"\n'), "unknown-field"),
    "P6 schema": (changed("kind:", '$schema: "http://127.0.0.1:9/x"\nkind:'), "unknown-field"),
    "P8 long pattern": (changed("oauth2-provider-12345", '"' + "!" * 60_000 + '"'), "auth-provider"),
    "P9 point": (extra("1.0"), "wrong-type"),
    "P10 none": (origins("[]"), "wrong-count"),
    "P10 many": (origins("[" + ", ".join(f"h{i}.e.com" for i in range(1500)) + "]"), "wrong-count"),
    "P10 twice": (origins("[https://a.example.com, https://A.example.com/]"), "origin-duplicate"),
    "O12 number": (origins("[1]"), "wrong-type"),
    "O12 mapping": (origins("[{a: b}]"), "wrong-type"),
    "O12 nested": (origins("[[https://a.example.com]]"), "wrong-type"),
    "O14 secret": (GOOD + "monitoring:\n  healthWebhook: https://u:p@hooks.example.com/x\n", "url-user"),
    "O14 query": (
        GOOD + "monitoring:\n  healthWebhook: https://hooks.example.com/x?token=s3cret\n",
        "url-path",
    ),
}
ORIGINS: dict[str, tuple[str, ...]] = {
    "origin-https": (
        "http://a.com",
        "https:/a.com",
        "https:\\\\a.com",
        "//a.com",
        "a.com",
        "ftp://a.com",
        "javascript://a.com/%0aalert(1)",
        "data:text/html,x",
        "null",
        "file:///etc/passwd",
        "https:",
    ),
    "origin-wildcard": ("*", "https://*", "https://*.a.com", "*.com", "https://a.*.com"),
    "origin-case": ("HTTPS://a.com", "https://A.com"),
    "origin-user": ("https://good@evil.com", "https://:@a.com", "https://good.com\\@evil.com"),
    "origin-path": (
        "https://a.com/",
        "https://a.com?",
        "https://a.com#",
        "https://a.com;x",
        "https://a.com/x",
    ),
    "origin-default-port": ("https://a.com:443",),
    "origin-port": (
        "https://a.com:0443",
        "https://a.com:0",
        "https://a.com:65536",
        "https://a.com:+1",
        "https://a.com:",
        "https://a.com:٤٤٣",
    ),
    "origin-host": (
        "https://",
        "https://a.com.",
        "https://a..com",
        "https://-a.com",
        "https://a-.com",
        "https://a_b.com",
        f"https://{'a' * 64}.com",
        f"https://{'a.' * 150}com",
        "https://single",
        "https://a.com%00",
        "https://a%2ecom.org",
        "https://a.com ",
        "https://ａ.com",
    ),
    "origin-punycode": (
        "https://bücher.de",
        "https://xn--80ak6aa92e.com",
        "https://xn--a.com",
        "https://раураl.com",
    ),
    "origin-ip-address": (
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://[::1]",
        "https://017700000001",
        "https://[::ffff:127.0.0.1]",
        "https://①②⑦.0.0.1",
        "https://169.254.169.254",
    ),
    "origin-special-name": (
        "https://a.localhost",
        "https://a.local",
        "https://a.internal",
        "https://a.test",
        "https://a.onion",
    ),
    "origin-public-suffix": ("https://co.uk", "https://github.io"),
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in list(os.environ):
        if name.startswith(("GENESYS_", "RECONCILER_")):
            monkeypatch.delenv(name)
    (tmp_path / "channels").mkdir()
    return tmp_path


def judged(repo: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    began = time.monotonic()
    assert run(["validate", "--repo", str(repo), "--format", "json"]) == 3
    assert time.monotonic() - began < SECONDS
    captured = capsys.readouterr()
    assert captured.err == ""
    findings: list[dict[str, Any]] = json.loads(captured.out)["findings"]
    return findings


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_a_finding_at_its_place(
    name: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, rule = FILES[name]
    (repo / "channels" / "shop.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = judged(repo, capsys)
    assert rule in {finding["rule"] for finding in found}, found
    for finding in found:
        assert finding["file"] == "channels/shop.yaml"
        assert finding["line"] >= 1
        assert finding["column"] >= 1
        assert finding["fix"]
        assert len(finding["message"]) < 500
    assert not any("s3cret" in finding["fix"] for finding in found)


@pytest.mark.parametrize(
    ("rule", "origin"), [(rule, one) for rule, listed in ORIGINS.items() for one in listed]
)
def test_a_bad_origin_is_refused_by_its_rule(
    rule: str, origin: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "channels" / "shop.yaml").write_text(origins(json.dumps([origin], ensure_ascii=False)))
    assert rule in {finding["rule"] for finding in judged(repo, capsys)}


@pytest.mark.parametrize(
    "name", ["a\nb", "-rf", "::error::x", "\x1b[31m", "a\u202eb", "%0A", "$(id)", "'; rm"]
)
def test_a_file_may_be_called_anything_and_its_name_does_nothing(
    name: str, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / "channels" / f"{name}.yaml").write_text(GOOD)
    for form in ("text", "github", "sarif", "junit"):
        assert run(["validate", "--repo", str(repo), "--format", form]) == 3
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out
        lines = [line for line in out.splitlines() if line.startswith("::")]
        assert all(line.startswith("::error file=") for line in lines)


def test_links_and_pipes_are_refused_without_a_look(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "secret.txt").write_text("s3cret: [")
    folder = repo / "channels"
    (folder / "a.yaml").symlink_to(repo / "secret.txt")
    (folder / "b.yaml").symlink_to("/nowhere")
    (folder / "c.yaml").symlink_to("c.yaml")
    (folder / "d").symlink_to("/etc")
    os.mkfifo(folder / "e.yaml")
    (folder / "f.yaml").mkdir()
    found = judged(repo, capsys)
    assert [(one["rule"], one["file"][9:]) for one in found] == [
        ("file-link", "a.yaml"),
        ("file-link", "b.yaml"),
        ("file-link", "c.yaml"),
        ("file-link", "d"),
        ("file-type", "e.yaml"),
        ("file-type", "f.yaml"),
    ]
    assert "s3cret" not in json.dumps(found)


def called(repo: Path, *words: str, limits: Any = None, **environ: str) -> subprocess.CompletedProcess[bytes]:
    base = {"PATH": os.environ["PATH"], "HOME": str(repo)}
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words, "--repo", str(repo)],
        env=base | environ,
        capture_output=True,
        timeout=60,
        check=False,
        preexec_fn=limits,
    )


SURROUNDINGS: dict[str, dict[str, str]] = {
    "locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    "time zone": {"TZ": "Pacific/Kiritimati"},
    "narrow": {"COLUMNS": "20"},
    "proxies": {"HTTPS_PROXY": "http://127.0.0.1:9", "SSLKEYLOGFILE": "/nowhere/keys", "NETRC": "/nowhere"},
    "git": {"GIT_DIR": "/nowhere", "GIT_SSH_COMMAND": "touch owned", "GIT_EXTERNAL_DIFF": "touch owned"},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_verdict_does_not_hang_on_its_surroundings(name: str, tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "shop.yaml").write_text(changed("Shop", "Sch\u00f6n"))
    (tmp_path / "channels" / "bad.yaml").write_text("a: \u00fc: b\n")
    ended = called(tmp_path, "validate", **SURROUNDINGS[name])
    assert ended.returncode == 3, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert b"channels/bad.yaml:1:" in ended.stdout
    assert not (tmp_path / "owned").exists()


def _little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (512 * 1024 * 1024, 512 * 1024 * 1024))
    resource.setrlimit(resource.RLIMIT_DATA, (256 * 1024 * 1024, 256 * 1024 * 1024))
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


def test_little_memory_and_few_files_are_enough(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    for number in range(300):
        text = GOOD.replace("3f1d6f0a", f"{number:08x}").replace("name: shop\n", f"name: shop-{number}\n")
        (tmp_path / "channels" / f"shop-{number}.yaml").write_text(text)
    ended = called(tmp_path, "validate", limits=_little_memory)
    assert ended.returncode == 0, ended.stderr + ended.stdout[:500]


def test_a_reader_that_goes_away_is_no_error_to_tell(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "shop.yaml").write_text(origins("[" + ", ".join(["x"] * 900) + "]"))
    command = f"{sys.executable} -m reconciler validate --repo {tmp_path} | head -1"
    ended = subprocess.run(command, shell=True, capture_output=True, timeout=60, check=False)  # noqa: S602 - a pipe
    assert b"Traceback" not in ended.stderr
    assert ended.stderr == b""


def test_nothing_is_written_where_a_workflow_would_read_it(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "shop.yaml").write_text(changed("Chat of the shop", '"::set-env name=x::y"'))
    files = {name: tmp_path / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
    for path in files.values():
        path.touch()
    ended = called(tmp_path, "validate", **{name: str(path) for name, path in files.items()})
    assert ended.returncode == 0
    assert all(path.read_bytes() == b"" for path in files.values())
