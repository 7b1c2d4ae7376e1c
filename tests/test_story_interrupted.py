"""Runs that are told to stop, or are killed: bounded, truthful, and healed by the next one."""

from __future__ import annotations

import json
import signal
import time

import pytest
from process import recorded, start, until
from story import IDS, PATH, Ended, Story


def results(document: dict) -> list[str]:
    return [outcome["result"] for outcome in document["outcomes"]]


def journals(story: Story) -> list[str]:
    return [path.name for path in (story.repo / ".reconciler").glob("journal/*.jsonl")]


def three(story: Story) -> None:
    for number, name in enumerate(("a", "b", "c")):
        story.seed(name, number)
        story.write(name, number, description="From Git")
    story.commit()


def is_writing(story: Story) -> bool:
    return bool(story.requests("PUT"))


def stopped(story: Story, number: signal.Signals) -> Ended:
    """Send a signal to an apply of three channels, one after the other, while the first write is out."""
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 1.0, "method": "PUT", "path": "*"})
    tool = start(story, "apply", "--yes", "--concurrency", "1", "--format", "json")
    until(lambda: is_writing(story), "the first write")
    tool.send(number)
    return tool.ended()


def test_the_request_in_flight_is_finished_and_no_new_one_is_begun(story: Story) -> None:
    ended = stopped(story, signal.SIGINT)
    assert (ended.code, results(ended.json)) == (130, ["applied", "not_reached", "not_reached"])
    assert len(story.writes()) == 1
    (record,) = recorded(story)
    assert (record["exit"], results(record)) == (130, results(ended.json))
    assert journals(story) == []


def test_a_closed_terminal_stops_a_run_as_a_request_to_end_does(story: Story) -> None:
    ended = stopped(story, signal.SIGHUP)
    assert (ended.code, results(ended.json)) == (143, ["applied", "not_reached", "not_reached"])
    assert [record["exit"] for record in recorded(story)] == [143]


def test_a_run_that_was_told_to_survive_its_terminal_does(story: Story) -> None:
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 0.5, "method": "PUT", "path": "*"})
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        tool = start(story, "apply", "--yes", "--probe", "none", "--format", "json")
    finally:
        signal.signal(signal.SIGHUP, before)
    until(lambda: is_writing(story), "the first write")
    tool.send(signal.SIGHUP)
    ended = tool.ended()
    assert (ended.code, results(ended.json)) == (0, ["applied"] * 3)


def test_a_request_that_does_not_end_is_bounded_and_called_unknown(story: Story) -> None:
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 60, "method": "PUT", "path": PATH + IDS[0]})
    tool = start(story, "apply", "--yes", "--concurrency", "1", "--format", "json")
    until(lambda: is_writing(story), "the first write")
    told = tool.send(signal.SIGTERM)
    ended = tool.ended()
    assert time.monotonic() - told < 7.0
    assert (ended.code, results(ended.json)) == (143, ["unknown", "not_reached", "not_reached"])
    assert [record["exit"] for record in recorded(story)] == [143]


def test_a_wait_for_the_rate_limit_is_cut_short_and_nothing_is_called_unknown(story: Story) -> None:
    three(story)
    reply = {"do": "reply", "status": 429, "headers": {"Retry-After": "60"}, "when": "before"}
    story.emulator.add_fault({**reply, "method": "PUT", "path": "*", "times": None})
    tool = start(story, "apply", "--yes", "--concurrency", "1", "--format", "json")
    until(lambda: is_writing(story), "the first write")
    time.sleep(0.2)
    told = tool.send(signal.SIGINT)
    ended = tool.ended()
    assert time.monotonic() - told < 3.0
    assert (ended.code, results(ended.json)) == (130, ["failed", "not_reached", "not_reached"])
    assert story.writes() == []


def test_a_second_signal_ends_at_once_and_the_next_run_tells_of_it(story: Story) -> None:
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 3, "when": "after", "method": "PUT", "path": "*"})
    tool = start(story, "apply", "--yes", "--concurrency", "1")
    until(lambda: is_writing(story), "the first write")
    tool.send(signal.SIGINT)
    time.sleep(0.3)
    told = tool.send(signal.SIGINT)
    assert tool.ended().code == 130
    assert time.monotonic() - told < 1.0
    assert len(journals(story)) == 1
    until(story.writes, "the write that was in flight")
    ended = story.run("apply", "--yes", "--format", "json")
    assert ended.code == 0
    assert "killed before it could be recorded: 1 writes had gone out" in ended.err
    (abandoned,) = ended.json["abandoned"]
    assert [(write["method"], write["status"]) for write in abandoned["writes"]] == [("PUT", None)]
    assert journals(story) == []
    assert len(story.writes()) == 3


def test_a_signal_in_a_probe_ends_the_run_with_what_is_known(story: Story) -> None:
    story.write("a", 0)
    story.commit()
    story.emulator.settings.update({"endpoints": {"a.example.com": {"do": "silence"}}})
    tool = start(story, "apply", "--yes", "--format", "json")
    until(lambda: story.emulator.handshakes, "the first probe")
    told = tool.send(signal.SIGTERM)
    ended = tool.ended()
    assert time.monotonic() - told < 3.0
    assert (ended.code, results(ended.json)) == (143, ["applied"])
    assert [record["exit"] for record in recorded(story)] == [143]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_planning_ends_with_its_code_and_a_sentence(
    story: Story, number: signal.Signals, code: int
) -> None:
    story.write("a", 0)
    story.emulator.add_fault({"do": "delay", "seconds": 60, "method": "GET", "path": "*"})
    tool = start(story, "plan")
    until(lambda: story.requests("GET"), "the first read")
    tool.send(number)
    ended = tool.ended()
    assert (ended.code, ended.err.strip()) == (code, "interrupted; nothing was written")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_was_killed_in_a_write_is_healed_by_the_next(story: Story, when: str) -> None:
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 0.5, "when": when, "method": "PUT", "path": "*"})
    tool = start(story, "apply", "--yes", "--concurrency", "1")
    until(lambda: is_writing(story), "the first write")
    tool.send(signal.SIGKILL)
    assert tool.ended().code == -9
    time.sleep(0.7)
    code, document = story.json("apply", "--yes")
    assert code == 0
    committed = [write["path"] for write in story.writes()]
    assert sorted(committed) == [PATH + IDS[number] for number in range(3)]
    assert len(document["abandoned"]) == 1
    assert story.json("apply", "--yes")[1]["abandoned"] == []


def test_a_journal_holds_no_body_and_stands_on_the_disk_before_the_write(story: Story) -> None:
    story.write("a", 0)
    story.emulator.add_fault({"do": "delay", "seconds": 5, "method": "PUT", "path": "*"})
    tool = start(story, "apply", "--yes", "--no-record")
    until(lambda: is_writing(story), "the first write")
    (name,) = journals(story)
    text = (story.repo / ".reconciler" / "journal" / name).read_text()
    tool.send(signal.SIGKILL)
    tool.ended()
    head, intent = map(json.loads, text.splitlines())
    assert (head["format"], intent["method"], intent["path"], intent["precondition"]) == (
        1,
        "PUT",
        PATH + IDS[0],
        "*",
    )
    assert intent["body"].startswith("sha256:")
    assert "Channel a" not in text


def test_where_no_journal_can_be_written_nothing_is(story: Story) -> None:
    story.write("a", 0)
    (story.repo / ".reconciler").write_text("a file where the folder should be")
    ended = story.run("apply", "--yes", "--no-record")
    assert (ended.code, story.writes()) == (1, [])
    assert "journal" in ended.err


def test_a_run_that_goes_on_is_not_taken_for_one_that_was_killed(story: Story) -> None:
    three(story)
    story.emulator.add_fault({"do": "delay", "seconds": 2, "method": "PUT", "path": PATH + IDS[0]})
    tool = start(story, "apply", "--yes", "--concurrency", "1")
    until(lambda: is_writing(story), "the first write")
    _, document = story.json("apply", "--yes", "--only", "c")
    assert document["abandoned"] == []
    assert tool.ended().code == 0
