"""Run organisations on the workers of a Dask cluster; the only home of distributed.

What is sent is a `Job`, which holds names alone. Workers that declare the name of a credential variable as a resource
(`dask worker --resources "EMEA_CLIENT_ID=64"`) get the jobs of that variable, and nobody else does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from reconciler.errors import UsageError
from reconciler.fleet.reports import entry_of
from reconciler.fleet.work import FAILED, Job, pause, run_job
from reconciler.model import JsonObject

CONNECT_SECONDS = 30


@contextmanager
def cluster_workers(scheduler: str) -> Iterator[Callable[[Job], Future[JsonObject]]]:
    """Give what hands a job to the workers of a cluster."""
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--scheduler needs the extra: pip install 'genesys-reconciler[fleet]', here and on every worker"
        ) from None
    client: Any = distributed.Client
    with client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False) as cluster:
        # Not pure: a job is work to be done, not a value to be remembered.
        executor = cluster.get_executor(pure=False)
        declared = _declared(cluster)

        def submit(job: Job) -> Future[JsonObject]:
            if not declared:
                return _future(executor.submit(run_on_worker, job))
            if job.variable not in declared:
                return _failed(job)
            return _future(executor.submit(run_on_worker, job, resources={job.variable: 1}))

        yield submit


def run_on_worker(job: Job) -> JsonObject:
    """Run a job on a worker of a cluster.

    A job that was begun before, on a worker that is lost, may have spent its budget of requests: it waits until that
    is whole again. The process that worked there comes to its end together with its worker.
    """
    from distributed import get_client

    client: Any = get_client()
    key = ["reconciler", job.run, job.organisation]
    was_begun = client.get_metadata(key, default=None)
    client.set_metadata(key, job.pause_seconds)
    if was_begun:
        pause(job)
    return run_job(job)


def _declared(cluster: Any) -> Collection[str]:
    """Give the resources that workers declare; where there is none, every worker takes every job."""
    try:
        workers = cluster.scheduler_info(n_workers=-1)["workers"]
    except TypeError:
        # Before 2025 it told of all workers, and could not be asked to.
        workers = cluster.scheduler_info()["workers"]
    return {name for worker in workers.values() for name in worker.get("resources", {})}


def _failed(job: Job) -> Future[JsonObject]:
    words = f"no worker of the cluster declares the resource {job.variable}; dask worker --resources does"
    future: Future[JsonObject] = Future()
    future.set_result(entry_of(job.organisation, FAILED, None, words))
    return future


def _future(future: Any) -> Future[JsonObject]:
    typed: Future[JsonObject] = future
    return typed
