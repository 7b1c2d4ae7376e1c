"""One git command at a time: bounded, never prompting, deaf to the checkout's hooks and to inherited `GIT_*`.

The transport settings of the user (credential helpers, ssh, certificates) stay in force, because a push
needs them. Nothing here knows what the commands are for.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.report.escape import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOCAL_SECONDS = 60.0
"""The most that a command may take that stays on this machine."""
NETWORK_SECONDS = 90.0
"""The most that one fetch or push may take."""

SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
    "index.sparse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    "protocol.ext.allow=never",
    "safe.bareRepository=explicit",
    "i18n.commitEncoding=UTF-8",
)
"""Win over every configuration file: no programs of the checkout, no side files, no background work."""

ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    # A replacement would show other bytes than those that the record's hash was made of.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}

KEPT = re.compile(
    r"GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|HTTP_\w+|PYTHON_\w+"
    r"|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+))"
)
"""How the operator reaches a remote. Any other `GIT_*` leads git to another repository, index or program."""

IDENTITY = ("reconciler", "reconciler@localhost")
"""Who commits where the user has no identity."""

CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
REMOTE = re.compile(r"remote:(?!.*[0-9]%).*[A-Za-z].*")
"""A line in which the remote says something, and neither how far it is nor a row of marks around it."""
WORDS_SHOWN = 200
"""Characters of git's own complaint that a message shows; its way out often stands at the end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a git command ended."""

    status: int
    output: bytes
    complaint: str
    """What it said on standard error, unescaped."""

    @property
    def text(self) -> str:
        """The output as one stripped string."""
        return self.output.decode("utf-8", "replace").strip()


class GitCommand:
    """Runs git inside one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self,
        *words: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> Answer:
        """Run `git WORDS`, whatever its exit status; RecordError where git cannot be run at all."""
        if not self._folder.is_dir():
            # GitPython would go on in the current folder instead.
            raise RecordError(f'there is no folder "{shown(str(self._folder))}" to run git in')
        try:
            ours = {**ENVIRONMENT, **self._identity, **(environment or {})}
            return self._execute(words, stdin, ours, seconds)
        except (ImportError, FileNotFoundError) as error:
            raise RecordError("git cannot be started; install git, and see that it is on the PATH") from error
        except OSError as error:
            raise RecordError(f"git cannot be run: {shown(str(error))}") from error

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> Answer:
        """Run `git WORDS` as `run` does; RecordError with git's own words where it fails."""
        answer = self.run(*words, stdin=stdin, environment=environment, seconds=seconds)
        if answer.status != 0:
            raise RecordError(f"git {words[0]} failed: {complaint_words(answer.complaint)}")
        return answer

    @cached_property
    def _identity(self) -> dict[str, str]:
        words = ("config", "-z", "--get-regexp", r"^user\.(name|email)$")
        entries = self._execute(words, b"", ENVIRONMENT, LOCAL_SECONDS).output.decode("utf-8", "replace")
        configured = dict(entry.split("\n", 1) for entry in entries.split("\0") if "\n" in entry)
        name, email = configured.get("user.name"), configured.get("user.email")
        # Git would make up root@hostname otherwise, or refuse.
        name, email = (name, email) if name and email else IDENTITY
        parts = {"NAME": name, "EMAIL": email}
        return {
            f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in parts.items()
        }

    def _execute(
        self, words: tuple[str, ...], stdin: bytes, environment: Mapping[str, str], seconds: float
    ) -> Answer:
        import git

        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            try:
                status, output, complaint = git.Git(str(self._folder)).execute(
                    [*_without_inherited(environment), "git", *settings, *words],
                    istream=source,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env=environment,
                    kill_after_timeout=seconds if sys.platform != "win32" else None,
                    # Without a terminal nothing can prompt, and Ctrl-C does not cut a push in half.
                    start_new_session=True,
                )
            except git.GitCommandNotFound as error:
                raise FileNotFoundError(str(error)) from error
        return Answer(status, output, complaint)


def complaint_words(complaint: str) -> str:
    """Choose the line of git's complaint that says most, without credentials, cut and escaped."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote: error:", "Timeout:"))]
    if telling and telling[0].startswith("error: failed to push"):
        # That something failed is known; why, a hook of the remote says.
        telling = [line for line in lines if REMOTE.fullmatch(line)] or telling
    line = next(iter(telling or lines), "it gave no reason")
    return shown(CREDENTIALS.sub("…", line), WORDS_SHOWN)


def _without_inherited(ours: Mapping[str, str]) -> list[str]:
    # GitPython starts from our whole environment and can only add to it, so env(1) takes names out.
    inherited = (name for name in os.environ if name.startswith("GIT_") and not KEPT.fullmatch(name))
    unwanted = [word for name in inherited if name not in ours for word in ("-u", name)]
    return ["env", *unwanted] if unwanted else []
