"""Which organisations one job of a CI matrix takes: never a part of one, so that each keeps one budget. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heapreplace
from typing import NamedTuple

MOST_JOBS = 256
"""What a matrix of GitHub Actions may hold."""


class Shard(NamedTuple):
    """One job."""

    name: str
    organisations: tuple[str, ...]
    channels: int


def make_shards(weights: Mapping[str, int], jobs: int = MOST_JOBS) -> tuple[Shard, ...]:
    """Divide organisations, with their numbers of channels, among at most so many jobs of about equal weight.

    The heaviest goes first to the lightest job, so the largest job has at most a third more than it must. The
    same organisations and numbers give the same shards, in whatever order they come.
    """
    count = min(jobs, MOST_JOBS, len(weights))
    loads = [(0, number) for number in range(count)]
    heapify(loads)
    taken: list[list[str]] = [[] for _ in range(count)]
    for name, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        load, number = loads[0]
        taken[number].append(name)
        # An organisation without channels costs a listing too.
        heapreplace(loads, (load + max(1, weight), number))
    return tuple(_shard(number, sorted(names), weights) for number, names in enumerate(taken))


def _shard(number: int, names: Sequence[str], weights: Mapping[str, int]) -> Shard:
    return Shard(f"shard-{number + 1:03d}", tuple(names), sum(weights[name] for name in names))
