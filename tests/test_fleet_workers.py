"""A fleet on real worker processes, here and on a cluster: nothing lost, nothing doubled, no budget exceeded.

`FLEET=full` takes 40 organisations of 250 channels, else it is fewer. What is said of requests is judged from the
remotes' own logs.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from test_fleet import Fleet

from reconciler.fleet.cluster import cluster_workers, run_on_worker
from reconciler.fleet.work import Job, local_workers, run_all

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(900)]
FULL = os.environ.get("FLEET") == "full"
ORGANISATIONS = 40 if FULL else 6
CHANNELS = 250
BUDGET, WINDOW = 300, 60.0


@contextmanager
def fleet_of(
    count: int, channels: int, folder: Path, environ: pytest.MonkeyPatch, changed: Callable[[int], int]
) -> Iterator[Fleet]:
    with ExitStack() as stack:
        fleet = Fleet(folder, [f"org{number:02d}" for number in range(count)], stack, environ)
        for place, name in enumerate(fleet.emulators):
            fleet.fill(name, channels, changed(place))
        yield fleet


def within(seconds: float, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def puts(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    return [one for one in fleet.emulators[name].requests if one["method"] == "PUT"]


def most_at_once(fleet: Fleet, name: str) -> int:
    """Give the most requests of one organisation in any window of the budget, whatever token they had."""
    # A login is no request of the API, and counts for no token.
    seen = fleet.emulators[name].requests
    times = [one["at"] for one in seen if one["path"].startswith("/api/")]
    return max(sum(start <= one < start + WINDOW for one in times) for start in times)


def require_written_once(fleet: Fleet, changed: Callable[[int], int]) -> None:
    for place, name in enumerate(fleet.emulators):
        live = [fleet.stories[name].live(number) for number in range(changed(place))]
        assert {one["name"] for one in live} <= {f"Channel channel-{number}" for number in range(CHANNELS)}
        # Seeded as 1, moved by hand to 2, and written once.
        assert {one["version"] for one in live} <= {3}, name
        committed = [one for one in puts(fleet, name) if one["committed"]]
        assert len(committed) == changed(place), name
        assert most_at_once(fleet, name) <= BUDGET


def words_of(process: int) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def environ_of(process: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(pair.partition("=")[::2] for pair in text.split("\0") if pair)


def at_work(fleet: Fleet) -> list[int]:
    """Give the processes that work for an organisation of this fleet."""
    repo = str(fleet.repo).encode()
    found = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [
        one
        for one in found
        if repo in (words := words_of(one)) and b"--org" in words and b"fleet" not in words
    ]


def test_however_many_workers_there_are_the_report_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    with fleet_of(ORGANISATIONS, CHANNELS, tmp_path, monkeypatch, lambda place: place % 4) as fleet:
        fleet.whole.commit()
        plan = ("fleet", "plan", "--quiet", "--format", "json")
        one = fleet.run(*plan, "--workers", "1").out
        many = fleet.run(*plan, "--workers", "8").out
        with distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
            spread = fleet.run(*plan, "--scheduler", cluster.scheduler_address).out
        parts = []
        for shard in json.loads(fleet.run("shards", "--json", "--jobs", "3").out)["include"]:
            parts.append(str(tmp_path / f"{shard['shard']}.json"))
            assert fleet.run("fleet", "plan", *shard["args"].split(), "--out", parts[-1], "--quiet").code == 0
        merged = fleet.run("report", "merge", "--whole", *parts, "--format", "json").out
        assert [many, spread, merged] == [one] * 3
        summary = json.loads(one)["summary"]
        assert summary["actions"]["update"] == sum(place % 4 for place in range(ORGANISATIONS))
        for name, emulator in fleet.emulators.items():
            seen = [(request["method"], request["path"].rpartition("/")[2]) for request in emulator.requests]
            assert seen.count(("POST", "token")) == 4
            assert len(seen) == 4 * (1 + 3), name
            assert most_at_once(fleet, name) <= BUDGET


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")

    def changed(place: int) -> int:
        return 6 + place % 3

    with fleet_of(ORGANISATIONS // 2, 20, tmp_path, monkeypatch, changed) as fleet:
        for emulator in fleet.emulators.values():
            emulator.add_fault({"do": "delay", "seconds": 0.7, "method": "PUT", "times": 100})
        words = ("--yes", "--no-record", "--probe", "none", "--allow-changes", "9", "--concurrency", "1")
        jobs = [
            Job(str(fleet.repo), name, "apply", words, pause_seconds=4.0, run="r") for name in fleet.emulators
        ]
        entries: list[Any] = []
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
            cluster_workers(cluster.scheduler_address) as submit,
        ):
            running = threading.Thread(target=lambda: entries.extend(run_all(jobs, submit, lambda _: None)))
            running.start()
            within(60, lambda: any(len(puts(fleet, name)) >= 2 for name in fleet.emulators))
            [hit, *_] = [name for name in fleet.emulators if len(puts(fleet, name)) >= 2]
            [process] = [one for one in at_work(fleet) if hit.encode() in words_of(one)]
            worker = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
            done = len(puts(fleet, hit))
            os.kill(worker, signal.SIGKILL)
            # Whoever worked for it comes to its end by itself, and is not left behind.
            within(20, lambda: not words_of(process))
            running.join(120)
        assert sorted((entry["name"], entry["exit"], entry["error"]) for entry in entries) == [
            (name, 0, None) for name in sorted(fleet.emulators)
        ]
        require_written_once(fleet, changed)
        seen = fleet.emulators[hit].requests
        first, second = [place for place, one in enumerate(seen) if one["path"].endswith("/token")]
        # What was in flight was finished, and nothing new begun, long before another began.
        assert sum(one["method"] == "PUT" for one in seen[first:second]) <= done + 1


def test_a_fleet_that_is_killed_leaves_nobody_at_work_and_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fleet_of(3, 20, tmp_path, monkeypatch, lambda _: 6) as fleet:
        for emulator in fleet.emulators.values():
            emulator.add_fault({"do": "delay", "seconds": 0.7, "method": "PUT", "times": 7})
        (fleet.repo / "reconciler.toml").write_text("[limits]\nconcurrency = 1\n")
        command = [
            sys.executable,
            "-m",
            "reconciler",
            "fleet",
            "apply",
            "--yes",
            "--no-record",
            "--workers",
            "2",
        ]
        process = subprocess.Popen(
            [*command, "--repo", str(fleet.repo), "--quiet"], stderr=subprocess.DEVNULL
        )
        within(60, lambda: any(puts(fleet, name) for name in fleet.emulators))
        process.kill()
        process.wait(10)
        begun = sum(len(puts(fleet, name)) for name in fleet.emulators)
        within(20, lambda: not at_work(fleet))
        assert puts(fleet, "org02") == []
        # At most what was in flight, of each of the two, and what was on its way to it.
        assert sum(len(puts(fleet, name)) for name in fleet.emulators) <= begun + 2
        assert all(one["committed"] for name in fleet.emulators for one in puts(fleet, name))
        assert fleet.run("fleet", "apply", "--yes", "--no-record", "--quiet").code == 5
        require_written_once(fleet, lambda _: 6)


@pytest.mark.skipif(not FULL, reason="takes longer than a window of the budget: FLEET=full")
def test_no_budget_is_exceeded_where_it_is_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each organisation has more to write than its budget lets through at once; two work here, two on a cluster."""
    distributed = pytest.importorskip("distributed")
    with fleet_of(4, 310, tmp_path, monkeypatch, lambda _: 310) as fleet:
        words = ("--yes", "--no-record", "--probe", "none", "--allow-changes", "310")
        jobs = [Job(str(fleet.repo), name, "apply", words, run="r") for name in fleet.emulators]
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
            cluster_workers(cluster.scheduler_address) as spread,
            local_workers(2) as here,
        ):
            places = {job.organisation: (here, spread)[number % 2] for number, job in enumerate(jobs)}
            entries = run_all(jobs, lambda job: places[job.organisation](job), lambda _: None)
        assert [(entry["exit"], entry["error"]) for entry in entries] == [(0, None)] * 4
        for name, emulator in fleet.emulators.items():
            assert most_at_once(fleet, name) <= BUDGET
            assert len(emulator.requests) == 1 + 4 + 310 + 50
            assert not [one for one in emulator.requests if one["status"] == 429]


def test_the_arithmetic_of_the_page_is_what_the_remotes_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parent.parent / "docs" / "fleet.md").read_text()
    rows = re.findall(r"(?m)^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", text)
    told = [tuple(int(cell.replace(",", "")) for cell in row) for row in rows]
    assert [organisations for organisations, *_ in told] == [1, 50, 500, 5_000]
    with fleet_of(1, CHANNELS, tmp_path, monkeypatch, lambda _: 3) as fleet:
        fleet.whole.commit()
        [emulator] = fleet.emulators.values()
        counted = []
        for words in (("plan",), ("apply", "--yes", "--no-push"), ("drift",)):
            emulator.clear()
            fleet.run("fleet", *words, "--quiet")
            counted.append(len(emulator.requests))
    plan, apply, drift = counted
    assert plan == drift
    assert told == [(number, number * plan, number * apply) for number, *_ in told]


class Relay:
    """Stands before a scheduler, and keeps every byte that goes to it."""

    def __init__(self, address: str) -> None:
        self.target = address.removeprefix("tcp://").rpartition(":")
        self.heard = bytearray()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self.server.accept()
            except OSError:
                return
            theirs = socket.create_connection((self.target[0], int(self.target[2])))
            for source, sink, kept in ((ours, theirs, self.heard), (theirs, ours, None)):
                threading.Thread(target=self._pass, args=(source, sink, kept), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        try:
            while data := source.recv(65_536):
                if kept is not None:
                    kept += data
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                one.close()


def test_credentials_are_only_on_the_worker_that_needs_them_and_are_never_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    with fleet_of(2, 3, tmp_path, monkeypatch, lambda _: 0) as fleet, ExitStack() as stack:
        secrets = {name: os.environ[f"{name.upper()}_SECRET"] for name in fleet.emulators}
        for emulator in fleet.emulators.values():
            emulator.add_fault({"do": "delay", "seconds": 3.0, "method": "GET", "times": 1})
        scheduler = stack.enter_context(
            distributed.LocalCluster(n_workers=0, dashboard_address=":0")
        ).scheduler_address
        given = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "HOME")}
        workers = {}
        for name in fleet.emulators:
            own = {key: os.environ[f"{name.upper()}_{key}"] for key in ("ID", "SECRET")}
            command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1"]
            command += ["--no-dashboard", "--resources", f"{name.upper()}_ID=1"]
            workers[name] = stack.enter_context(
                subprocess.Popen(
                    command,
                    env=given | {f"{name.upper()}_{key}": value for key, value in own.items()},
                    stderr=subprocess.DEVNULL,
                    cwd=tmp_path,
                )
            )
            stack.callback(workers[name].terminate)
        relay = Relay(scheduler)
        stack.callback(relay.server.close)
        with distributed.Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        # The one who hands out the work has no credential at all, and each worker that of nobody else.
        words = ["--scheduler", relay.address, "--repo", str(fleet.repo), "--format", "json", "--quiet"]
        handing_out = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "fleet", "plan", *words],
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        seen: dict[str, dict[str, str]] = {}

        def all_seen() -> bool:
            for process in at_work(fleet):
                environ = environ_of(process)
                for name in fleet.emulators:
                    if name.encode() in words_of(process) and f"{name.upper()}_ID" in environ:
                        seen[name] = environ
            return len(seen) == 2

        within(60, all_seen)
        out, err = handing_out.communicate(timeout=60)
        assert handing_out.returncode == 0, err
        for name, environ in seen.items():
            other = next(one for one in secrets if one != name)
            assert environ[f"{name.upper()}_SECRET"] == secrets[name]
            assert secrets[other] not in "".join(environ.values())
        job = Job(str(fleet.repo), "org00", "plan", variable="ORG00_ID", run="r")
        for sent in (bytes(relay.heard), pickle.dumps((run_on_worker, job))):
            assert b"org00" in sent
            assert not [name for name, secret in secrets.items() if secret.encode() in sent]
        assert not [secret for secret in secrets.values() if secret in out + err]


def test_an_organisation_that_no_worker_is_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        fleet_of(2, 1, tmp_path, monkeypatch, lambda _: 0) as fleet,
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", resources={"ORG00_ID": 1}
        ) as cluster,
    ):
        code, report = fleet.json("fleet", "plan", "--scheduler", cluster.scheduler_address)
        assert (code, [one["exit"] for one in report["organisations"]]) == (1, [0, 1])
        assert (
            "no worker of the cluster declares the resource ORG01_ID" in report["organisations"][1]["error"]
        )
