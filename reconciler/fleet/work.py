"""Run organisations side by side: one process each, supervised by whatever executor is there.

A process sees the credentials of its own organisation alone, taken from the environment of the machine that it runs
on; no credential is ever sent. A process that dies is run again, once: a plan and drift only read, and an apply plans
anew, so that what it wrote already is found as wanted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.fleet import SUPERVISED
from reconciler.fleet.reports import entry_of
from reconciler.fleet.roster import load_roster, named, remote_environment, without_others
from reconciler.model import Json, JsonObject

MINUTE = 60.0
"""The window of the request budget: a process that died may have spent all of it."""
TRIES = 2
RUN_LIMIT = 4 * 3600.0
"""Seconds after which a run of one organisation is ended; its own limits end it long before."""
FAILED = 1


_STOPPED = threading.Event()
_RUNNING: set[subprocess.Popen[bytes]] = set()
"""The processes that work here just now."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one organisation, on whichever machine: no credential in it."""

    repo: str
    organisation: str
    command: str
    """`plan`, `apply` or `drift`."""
    words: tuple[str, ...] = ()
    """Options that the run is given besides."""
    pause_seconds: float = MINUTE
    """How long to wait after a process that died, before another may use the same budget."""
    variable: str = ""
    """The name of the variable that holds the client id."""
    run: str = ""
    """Which run of the fleet it belongs to."""


def run_job(job: Job) -> JsonObject:
    """Run one organisation in a process of its own, and give its entry of the report."""
    try:
        roster = load_roster(Path(job.repo))
        organisation = named(roster, job.organisation)
        remote_environment(organisation, os.environ)
    except UsageError as error:
        return entry_of(job.organisation, FAILED, None, str(error))
    environ = without_others(organisation, roster, os.environ)
    ended = _run(job, environ)
    for _ in range(TRIES - 1):
        if ended.returncode >= 0 or pause(job):
            break
        ended = _run(job, environ)
    return _entry(job, ended)


def pause(job: Job) -> bool:
    """Wait until the budget of an organisation is whole again; say whether this was told to stop meanwhile."""
    return _STOPPED.wait(job.pause_seconds)


def run_all(
    jobs: Sequence[Job], submit: Callable[[Job], Future[JsonObject]], notice: Callable[[JsonObject], None]
) -> list[JsonObject]:
    """Run every job, and tell of each as it ends; a job whose worker is lost ends as a failure of its own."""
    running = {submit(job): job for job in jobs}
    entries = []
    while running:
        # No run takes so long: whoever waits for longer waits for a worker that will not come.
        ended, _ = wait(running, timeout=RUN_LIMIT + MINUTE, return_when=FIRST_COMPLETED)
        for future in ended or list(running):
            entry = _result(future, running.pop(future))
            notice(entry)
            entries.append(entry)
    return entries


@contextmanager
def local_workers(count: int) -> Iterator[Callable[[Job], Future[JsonObject]]]:
    """Give what runs a job here: threads that each supervise a process."""
    _STOPPED.clear()
    with ThreadPoolExecutor(max_workers=count, thread_name_prefix="organisation") as executor:
        try:
            yield lambda job: executor.submit(run_job, job)
        except BaseException:
            stop()
            executor.shutdown(cancel_futures=True)
            raise


def stop() -> None:
    """Begin no further organisation here, and tell each process that runs to come to its own end."""
    _STOPPED.set()
    for process in list(_RUNNING):
        process.terminate()


def _run(job: Job, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reconciler", job.command, "--repo", job.repo]
    command += ["--org", job.organisation, "--format", "json", "--quiet", *job.words]
    with (
        _tie() as tie,
        subprocess.Popen(  # noqa: S603 - this very program
            command,
            env={**environ, SUPERVISED: "stdin"},
            stdin=tie,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # In a session of its own, so that Ctrl-C reaches it once, by `stop`, and not as a second time.
            start_new_session=True,
        ) as process,
    ):
        _RUNNING.add(process)
        try:
            out, told = process.communicate(timeout=RUN_LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, told = process.communicate()
        finally:
            _RUNNING.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, out, told)


@contextmanager
def _tie() -> Iterator[int]:
    """Give a standard input that ends together with this process, however that ends."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def _entry(job: Job, ended: subprocess.CompletedProcess[bytes]) -> JsonObject:
    code = ended.returncode if ended.returncode >= 0 else FAILED
    try:
        document: Json = json.loads(ended.stdout) if ended.stdout.strip() else None
    except ValueError:
        document = None
    words = ended.stderr.decode(errors="replace").strip().splitlines()
    died = f"the process was killed by signal {-ended.returncode}" if ended.returncode < 0 else None
    error = died or (words[-1] if words and document is None else None)
    return entry_of(job.organisation, code, document if isinstance(document, dict) else None, error)


def _result(future: Future[JsonObject], job: Job) -> JsonObject:
    if not future.done():
        future.cancel()
        return entry_of(job.organisation, FAILED, None, "no worker took it; run again")
    error = future.exception()
    if error is None:
        return future.result()
    return entry_of(
        job.organisation, FAILED, None, f"the worker was lost ({type(error).__name__}); run again"
    )
