"""The wheel as a stranger installs it: built, put into a fresh environment, used outside the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from story import git_environ

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it, and a folder far from the checkout."""

    wheel: Path
    bin: Path
    away: Path

    def run(self, *words: str, seconds: int = 60) -> subprocess.CompletedProcess[str]:
        """Run the console script in the folder away."""
        environ = {name: value for name, value in git_environ().items() if not name.startswith("PYTHON")}
        return subprocess.run(
            [self.bin / "reconciler", *words],
            cwd=self.away,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder / "dist"]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    paths = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    python = folder / "venv" / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", wheel]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *install],
        check=True,
        capture_output=True,
        timeout=120,
    )
    # The libraries are those of this environment; a path in a .pth file brings no editable install with it.
    purelib = Path(sysconfig.get_path("purelib", vars=paths))
    (purelib / "libraries.pth").write_text(sysconfig.get_path("purelib") + os.linesep)
    (folder / "away").mkdir()
    return Installed(wheel, python.parent, folder / "away")


def test_the_wheel_holds_schemas_and_channels_and_no_tests(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    for folder in ("schemas", "channels"):
        for path in (CHECKOUT / folder).rglob("*.*"):
            assert f"reconciler/_files/{path.relative_to(CHECKOUT).as_posix()}" in names
    assert "reconciler/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_package_that_runs_is_the_one_of_the_wheel(installed: Installed) -> None:
    code = "import reconciler, sys; print(reconciler.__file__); print(sys.prefix)"
    ended = subprocess.run(
        [installed.bin / "python", "-c", code],
        cwd=installed.away,
        env=git_environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    package, prefix = ended.stdout.split()
    assert package.startswith(prefix)
    version = installed.run("--version").stdout
    assert importlib.metadata.version("genesys-reconciler") in version


def test_a_repository_is_laid_out_and_judged_without_the_checkout(installed: Installed) -> None:
    assert installed.run("init").returncode == 0
    for path in (CHECKOUT / "schemas").glob("*.schema.json"):
        assert (installed.away / "schemas" / path.name).read_bytes() == path.read_bytes()
    assert installed.run("validate").returncode == 0
    example = installed.away / "channels" / "example-webchat.yaml"
    example.write_text(example.read_text().replace("https://www.", "http://www."))
    ended = installed.run("validate")
    assert (ended.returncode, "origin-https" in ended.stdout) == (3, True)


@pytest.mark.parametrize("words", [["explain", "origin-https"], ["emulator", "--help"], ["doctor", "--help"]])
def test_help_is_there_too(installed: Installed, words: list[str]) -> None:
    ended = installed.run(*words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_the_demo_tells_its_story_from_the_wheel(installed: Installed) -> None:
    ended = installed.run("demo", "--dir", "told", seconds=240)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (installed.away / "told" / "plan.json").is_file()
    assert "writes that reached the remote: 0" in ended.stdout
