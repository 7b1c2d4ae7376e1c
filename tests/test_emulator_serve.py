from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from reconciler.emulator.serve import BrokenState, Emulator

CHANNEL: dict[str, Any] = {
    "id": "a",
    "name": "A",
    "enabled": True,
    "webchatSettings": {
        "webchatUrl": "https://webchat.example.com",
        "corsAllowedOrigins": ["https://app.example.com"],
        "authProviderId": "p",
    },
}
SERVE = """
import sys
from pathlib import Path
from reconciler.emulator.serve import run_until_signal
run_until_signal(0, Path(sys.argv[1]), Path(sys.argv[2]), lambda line: print(line, flush=True))
"""


def get(emulator: Emulator, path: str = "/_emulator/settings") -> httpx.Response:
    return httpx.get(emulator.url + path, verify=ssl.create_default_context(cafile=emulator.ca_file))


def delete(emulator: Emulator, entity: str) -> None:
    token = emulator.tokens.issue(emulator.client, time.time(), 60)
    answer = httpx.delete(
        f"{emulator.url}/api/v2/webchat/channels/{entity}",
        headers={"Authorization": f"Bearer {token}", "If-Match": '"2"'},
        verify=ssl.create_default_context(cafile=emulator.ca_file),
    )
    assert answer.status_code == 204


def test_it_answers_from_enter_to_exit_on_loopback_alone() -> None:
    with Emulator() as emulator:
        assert get(emulator).status_code == 200
        assert emulator.url == f"https://127.0.0.1:{emulator.port}"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", emulator.port), timeout=1)
    assert not emulator.ca_file.exists()


def test_the_environment_points_at_it() -> None:
    with Emulator() as emulator:
        port = emulator.port
        assert emulator.environment() == {
            "GENESYS_CLIENT_ID": emulator.client.id,
            "GENESYS_CLIENT_SECRET": emulator.client.secret,
            "GENESYS_ENV_URL": f"https://127.0.0.1:{port}",
            "SSL_CERT_FILE": str(emulator.ca_file),
            "RECONCILER_ALLOW_HOSTS": f"127.0.0.1:{port},localhost:{port}",
            "RECONCILER_CONNECT_TO": f"::127.0.0.1:{port}",
        }


def test_a_taken_port_is_an_error_and_leaves_nothing_running() -> None:
    with Emulator() as emulator, pytest.raises(OSError, match="in use"), Emulator(emulator.port):
        pass


def test_the_same_port_can_be_had_again_at_once() -> None:
    with Emulator() as emulator:
        get(emulator)
    with Emulator(emulator.port) as again:
        assert get(again).status_code == 200


def test_it_stops_promptly_with_open_websockets_idle_connections_and_late_answers() -> None:
    async def stay(emulator: Emulator) -> float:
        context = ssl.create_default_context(cafile=emulator.ca_file)
        url = f"wss://127.0.0.1:{emulator.port}/webchat"
        plain = await asyncio.open_connection("127.0.0.1", emulator.port)
        async with connect(url, ssl=context, proxy=None), httpx.AsyncClient(verify=context) as http:
            late = asyncio.ensure_future(http.get(emulator.url + "/api/v2/webhooks"))
            await asyncio.sleep(0.1)
            began = time.monotonic()
            await asyncio.to_thread(emulator.__exit__, None, None, None)
            took = time.monotonic() - began
            await asyncio.gather(late, return_exceptions=True)
        plain[1].close()
        return took

    emulator = Emulator().__enter__()
    emulator.settings.endpoints["127.0.0.1"] = {"do": "accept-everybody"}
    emulator.add_fault({"do": "delay", "seconds": 60})
    assert asyncio.run(stay(emulator)) < 1


def test_the_state_is_saved_after_each_commit_and_loaded_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Emulator(state_file=file) as emulator:
        emulator.seed(CHANNEL)
        emulator.edit("a", {"name": "B"})
        assert json.loads(file.read_text())["channels"][0]["name"] == "B"
        delete(emulator, "a")
        assert json.loads(file.read_text())["channels"] == []
    with Emulator(state_file=file) as again:
        assert again.store.document() == emulator.store.document()
        assert again.client.secret != emulator.client.secret
    assert emulator.client.secret not in file.read_text()


def test_a_state_file_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), Emulator(state_file=tmp_path / "missing" / "state.json"):
        pass


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "is JSON"), ("[]", 'a state is a JSON object with "format": 1')]
)
def test_a_broken_state_file_is_refused_and_left_alone(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(BrokenState, match=sentence):
        Emulator(state_file=file)
    assert file.read_text() == text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_a_signal_and_tells_where_it_is(tmp_path: Path, number: signal.Signals) -> None:
    state, env = tmp_path / "state.json", tmp_path / "env"
    command = [sys.executable, "-W", "error", "-c", SERVE, str(state), str(env)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        announced = [process.stdout.readline().rstrip("\n") for _ in range(6)]
        assert env.read_text().splitlines() == announced
        assert env.stat().st_mode & 0o777 == 0o600
        values = dict(line.split("=", 1) for line in announced)
        context = ssl.create_default_context(cafile=values["SSL_CERT_FILE"])
        url = values["GENESYS_ENV_URL"]
        document = {"format": 1, "channels": [CHANNEL]}
        assert httpx.put(url + "/_emulator/state", json=document, verify=context).status_code == 200
        process.send_signal(number)
        _, complaints = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, complaints) == (0, "")
    assert json.loads(state.read_text())["channels"] == [{**CHANNEL, "version": 1}]
    assert env.exists()
    assert not Path(values["SSL_CERT_FILE"]).exists()


def test_1000_channels_are_listed_quickly() -> None:
    with Emulator() as emulator:
        emulator.seed(*({**CHANNEL, "id": str(number)} for number in range(1000)))
        context = ssl.create_default_context(cafile=emulator.ca_file)
        token = emulator.tokens.issue(emulator.client, time.time(), 60)
        with httpx.Client(
            base_url=emulator.url, verify=context, headers={"Authorization": f"Bearer {token}"}
        ) as http:
            began = time.monotonic()
            pages = [
                http.get("/api/v2/webchat/channels", params={"pageSize": 100, "pageNumber": n})
                for n in range(1, 11)
            ]
            assert time.monotonic() - began < 2
        assert sum(len(page.json()["entities"]) for page in pages) == 1000


def test_it_can_be_imported_without_the_rest_of_the_program() -> None:
    code = "import sys, reconciler.emulator.serve; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = {name for name in modules if name.startswith("reconciler.")}
    assert {name.split(".")[1] for name in ours} == {"emulator"}
