"""What an editor makes of the schemas: yaml-language-server, headless, on good and bad files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import LanguageServer

from reconciler.acts.load import shipped

SERVER = Path(
    os.environ.get("YAML_LANGUAGE_SERVER")
    or Path(__file__).parent
    / "editor"
    / "node_modules"
    / "yaml-language-server"
    / "bin"
    / "yaml-language-server"
)
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not SERVER.exists(),
    reason="needs node and yaml-language-server: npm install --prefix tests/editor",
)

KINDS = {
    "webchat-channel": "kind: WebchatChannel",
    "web-messaging-configuration": "kind: WebMessagingConfiguration",
    "web-messaging-deployment": "kind: WebMessagingDeployment",
}
CHOSEN = {"origin-path", "url-path", "origin-count", "yaml-syntax", "domain-host", "configuration-pin"}
GOOD = [
    path
    for path in sorted((Path(__file__).parent / "cases" / "valid").glob("*/shop.yaml"))
    if path.parent.name in CHOSEN or "WebMessagingConfiguration" in path.read_text(errors="replace")
]
FLAGGED = {
    "enabled: true": ('enabled: "true"', "boolean"),
    "  description:": ("  descripton:", "descripton"),
    "    authProviderId: oauth2-provider-12345": ("    webchatId: x", "authProviderId"),
    "    corsAllowedOrigins:": ("    corsAllowedOrigins: none\n    other:", "array"),
    "apiVersion: reconciler/v1": ("apiVersion: reconciler/v2", "reconciler/v1"),
    "id: 3f1d6f0a": ("id: XX1d6f0a", "pattern"),
    "https://shop.example.com": ("http://shop.example.com", "pattern"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("editor")
    (root / "channels").mkdir()
    shutil.copytree(shipped("schemas"), root / "schemas")
    return root


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LanguageServer]:
    assert NODE
    with LanguageServer(NODE, SERVER, folder) as running:
        yield running


def opened(folder: Path, name: str, text: str) -> Path:
    path = folder / "channels" / f"{name}.yaml"
    path.write_text(text)
    return path


def sample() -> str:
    return (Path(__file__).parent / "cases" / "valid" / "origin-path" / "shop.yaml").read_text()


@pytest.mark.parametrize("case", GOOD, ids=lambda path: path.parent.name)
def test_a_good_file_has_no_mark(server: LanguageServer, folder: Path, case: Path) -> None:
    path = opened(folder, f"good-{case.parent.name}", case.read_text())
    assert [one["message"] for one in server.diagnostics(path)] == []


@pytest.mark.parametrize("good", FLAGGED)
def test_a_bad_line_is_marked_with_words_that_help(server: LanguageServer, folder: Path, good: str) -> None:
    bad, word = FLAGGED[good]
    assert good in sample()
    path = opened(folder, f"bad-{list(FLAGGED).index(good)}", sample().replace(good, bad))
    found = server.diagnostics(path)
    assert any(word.lower() in one["message"].lower() for one in found), [one["message"] for one in found]
    lines = sample().replace(good, bad).splitlines()
    assert all(one["range"]["start"]["line"] < len(lines) for one in found)


@pytest.mark.parametrize("schema", KINDS)
def test_fields_are_offered_and_described(server: LanguageServer, folder: Path, schema: str) -> None:
    head = f"# yaml-language-server: $schema=../schemas/{schema}.schema.json\napiVersion: reconciler/v1\n"
    path = opened(
        folder, f"complete-{schema}", f"{head}{KINDS[schema]}\nmetadata:\n  name: shop\nspec:\n  \n"
    )
    server.diagnostics(path)
    offered = server.labels(path, 6, 2)
    assert {"name", "description"} <= set(offered)
    assert server.hover(path, 4, 3).strip()


def test_what_a_field_may_be_is_offered(server: LanguageServer, folder: Path) -> None:
    text = sample().replace("  enabled: true", "  enabled: ")
    path = opened(folder, "values", text)
    server.diagnostics(path)
    line = text.splitlines().index("  enabled: ")
    assert {"true", "false"} <= set(server.labels(path, line, 11))
