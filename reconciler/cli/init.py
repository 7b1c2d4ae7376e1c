"""`reconciler init`: lay out a repository; nothing that is there is overwritten."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import common, exits, find_root
from reconciler.cli.output import emit

SETTINGS = """\
# Settings of reconciler; every line is optional, and `reconciler doctor` shows what is in force and why.

[rules]
# preset = "strict"       # turn every optional rule on
# own_domains = ["example.com"]
# auth_providers = ["oauth2-provider-12345"]
# approve_widening = true # hold what opens a channel wider until somebody approves
# allow_punycode = ["xn--mnchen-3ya.example.com"]

[limits]
# concurrency = 8         # requests at once
# rate = 300              # requests a minute
# change_percent = 30     # updates and deletes of more than this share are held

[record]
# organisation = "acme-production"   # name under which the record keeps what was applied
# remote = "origin"
# people = true           # keep names of people in committed records, in the place of aliases
"""

EXAMPLE = """\
# yaml-language-server: $schema={depth}schemas/webchat-channel.schema.json
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: example-webchat
spec:
  id: {id}
  name: Example Webchat
  description: Replace this by a channel of your own, or run reconciler adopt
  enabled: false
  webchatSettings:
    webchatUrl: https://webchat.example.com
    corsAllowedOrigins:
      - https://www.example.com
    authProviderId: replace-by-your-provider
"""

PRE_COMMIT = """\
# What `reconciler validate` finds, before a commit is made: pip install pre-commit, then pre-commit install.
repos:
  - repo: local
    hooks:
      - id: reconciler-validate
        name: reconciler validate
        entry: reconciler validate
        language: python
        additional_dependencies: ["genesys-reconciler=={version}"]
        files: ^{folder}/.*\\.ya?ml$
"""

OWNERS = """\
# Whose review a change needs; it counts once branch protection asks for a review by code owners.
# Uncomment, and name your teams.
# /{folder}/            @your-organisation/digital-platform
# /reconciler.toml      @your-organisation/security
# /.github/             @your-organisation/platform
"""

FLEET = "fleet.yaml"
IGNORED = "# Records that Git would not take, kept as files by reconciler apply.\n.reconciler/\n"


NEXT = """\
next: reconciler validate, then reconciler doctor
on GitHub, the workflows need
  the variable GENESYS_ENV_URL; without it plans are made offline, and nothing is applied or watched
  the environments genesys-read (a client that only reads) and genesys (one that may write, with required
  reviewers), each with the secrets GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET"""

FROM_HERE = """\
    description: What pip installs; empty is the repository that this action comes from, with its lock.
    default: ""
"""
FROM_INDEX = """\
    description: What pip installs.
    default: genesys-reconciler=={version}
"""


@click.command(
    epilog="""\b
Examples:
  reconciler init
  reconciler init --repo ../chat-channels"""
)
@common(("text",))
@exits
def init(repo: Path | None, channels: str | None, **_: Any) -> int:
    """Lay out channels/, schemas/, reconciler.toml, workflows and a pre-commit hook, and overwrite nothing."""
    from reconciler import __version__
    from reconciler.acts.load import load_schema_texts

    root = find_root(repo)
    folder = channels or "channels"
    files = {f"schemas/{name}": text for name, text in load_schema_texts().items()}
    files["reconciler.toml"] = SETTINGS
    files[".gitignore"] = IGNORED
    files[".pre-commit-config.yaml"] = PRE_COMMIT.format(version=__version__, folder=folder)
    files[".github/CODEOWNERS"] = OWNERS.format(folder=folder)
    files |= _workflows(folder, __version__, has_fleet=(root / FLEET).is_file())
    if not any((root / folder).glob("**/*.y*ml")):
        depth = "../" * len(Path(folder).parts)
        files[f"{folder}/example-webchat.yaml"] = EXAMPLE.format(depth=depth, id=uuid.uuid4())
    for path, text in files.items():
        emit(f"{_write(root / path, text)} {path}")
    emit(NEXT)
    return 0


def _workflows(folder: str, version: str, *, has_fleet: bool) -> dict[str, str]:
    """Give the workflows and the action below them, for a repository that gets this tool from the package index."""
    from reconciler.acts.load import shipped

    home = shipped(".github")
    stories = ("plan", "apply", "drift", *(("fleet",) if has_fleet else ()))
    names = [f"workflows/{name}.yml" for name in stories]
    names += [f"actions/reconciler/{name}" for name in ("action.yml", "install.sh", "run.sh")]
    texts = {f".github/{name}": (home / name).read_text(encoding="utf-8") for name in names}
    action = ".github/actions/reconciler/action.yml"
    texts[action] = texts[action].replace(FROM_HERE, FROM_INDEX.format(version=version))
    return {path: text.replace('"channels/**"', f'"{folder}/**"') for path, text in texts.items()}


def _write(path: Path, text: str) -> str:
    from reconciler.errors import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return "kept   "
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return "created"
