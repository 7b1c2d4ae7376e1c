"""Where the tools beside us come from: a virtual environment of their own, the PATH, or Go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("octodns", "check-jsonschema", "yamllint")
TOFU = "github.com/opentofu/opentofu@v1.12.6"


@dataclass(frozen=True)
class Peers:
    """The programs, and which they are."""

    octodns: Path
    check_jsonschema: Path
    yamllint: Path
    terraform: Path | None
    """Terraform or OpenTofu; None where neither is on the PATH, nor Go to build one."""
    versions: dict[str, str]
    """By the name to show: octodns, check-jsonschema, yamllint, and Terraform or OpenTofu."""


def find_peers(folder: Path) -> Peers:
    """Install what pip has below a folder, and find or build the rest."""
    ended(sys.executable, "-m", "venv", folder / "venv")
    programs = folder / "venv" / "bin"
    ended(programs / "pip", "install", "--quiet", *PACKAGES)
    asking = f"from importlib.metadata import version; print(*map(version, {PACKAGES}))"
    versions = dict(zip(PACKAGES, ended(programs / "python", "-c", asking).stdout.split(), strict=True))
    terraform = find_terraform(folder)
    if terraform:
        named = "OpenTofu" if "tofu" in terraform.name else "Terraform"
        versions[named] = json.loads(ended(terraform, "version", "-json").stdout)["terraform_version"]
    return Peers(
        programs / "octodns-sync", programs / "check-jsonschema", programs / "yamllint", terraform, versions
    )


def find_terraform(folder: Path) -> Path | None:
    """Find Terraform or OpenTofu on the PATH, or build OpenTofu inside its own module (it cannot be installed)."""
    found = shutil.which("terraform") or shutil.which("tofu")
    if found or not shutil.which("go"):
        return Path(found) if found else None
    module = json.loads(ended("go", "mod", "download", "-json", TOFU).stdout)["Dir"]
    built = folder / "tofu"
    ended("go", "build", "-buildvcs=false", "-o", built, "./cmd/tofu", cwd=module)
    return built


def ended(*words: str | Path, cwd: str | Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and give how it ended; one that fails ends everything."""
    process = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if process.returncode:
        line = " ".join(map(str, words))
        raise SystemExit(
            f"{line} ended with {process.returncode}:\n{process.stdout[-2000:]}{process.stderr[-2000:]}"
        )
    return process


def own_environment() -> None:
    """Take from the environment what would lead a tool elsewhere, or have it compile its source at each start."""
    for name in list(os.environ):
        if name.startswith(("TF_", "TOFU_", "GENESYS_")) or name in ("PYTHONDONTWRITEBYTECODE", "CI"):
            del os.environ[name]
    os.environ["CHECKPOINT_DISABLE"] = "1"
