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
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.errors import UsageError
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
        if ended.returncode >= 0 or _STOPPED.wait(job.pause_seconds):
            break
        ended = _run(job, environ)
    return _entry(job, ended)


def run_all(
    jobs: Sequence[Job], executor: Executor, notice: Callable[[JsonObject], None]
) -> list[JsonObject]:
    """Run every job, and tell of each as it ends; a job whose worker is lost ends as a failure of its own."""
    running: dict[Future[JsonObject], Job] = {executor.submit(run_job, job): job for job in jobs}
    entries = []
    for future in as_completed(running):
        entry = _result(future, running[future])
        notice(entry)
        entries.append(entry)
    return entries


@contextmanager
def workers(count: int, scheduler: str | None) -> Iterator[Executor]:
    """Give what runs jobs: threads that each supervise a process here, or the workers of a Dask cluster."""
    if scheduler is None:
        _STOPPED.clear()
        with ThreadPoolExecutor(max_workers=count, thread_name_prefix="organisation") as executor:
            try:
                yield executor
            except BaseException:
                stop()
                executor.shutdown(cancel_futures=True)
                raise
        return
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--scheduler needs the extra: pip install 'genesys-reconciler[fleet]', here and on every worker"
        ) from None
    client: Any = distributed.Client
    with client(scheduler, timeout=30, set_as_default=False) as cluster:
        # Not pure: a job is work to be done, not a value to be remembered.
        yield cluster.get_executor(pure=False)


def stop() -> None:
    """Begin no further organisation here, and tell each process that runs to come to its own end."""
    _STOPPED.set()
    for process in list(_RUNNING):
        process.terminate()


def _run(job: Job, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reconciler", job.command, "--repo", job.repo]
    command += ["--org", job.organisation, "--format", "json", "--quiet", *job.words]
    # In a session of its own, so that Ctrl-C reaches it once, by `stop`, and not as a second time.
    with subprocess.Popen(  # noqa: S603 - this very program
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        _RUNNING.add(process)
        try:
            out, told = process.communicate(timeout=RUN_LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            out, told = process.communicate()
        finally:
            _RUNNING.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, out, told)


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
    error = future.exception()
    if error is None:
        return future.result()
    return entry_of(
        job.organisation, FAILED, None, f"the worker was lost ({type(error).__name__}); run again"
    )
