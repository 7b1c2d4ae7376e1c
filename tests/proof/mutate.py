"""Automatic mutation of the code that merges, retries, settles conflicts and hides secrets.

`python -m proof.mutate [GROUP…] [--most N]`, from `tests/`: each mutant is one small change of one function (a
comparison turned, a condition or a `not` dropped, a number off by one), put into a forked process, where the tests of
its group must fail. By hand, because the libraries for this start the whole suite anew for each mutant; here one
import of code and tests serves all of them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import io
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from .judge import broken
from .play import play
from .schedules import make_schedule

TIMES_AS_LONG = 5
"""As without a change, by the processor, before a mutant counts as one that does not end; whoever shares the machine
counts for nothing."""
LEAST_SECONDS = 5.0
LONGEST_SECONDS = 900
"""By the clock, for a mutant that waits for ever."""
SCHEDULES = 120
LEAST_SHARE = 0.85
NO_MUTANT = 99
"""Exit code of a child whose mutant changes no function; pytest has none like it."""
IMPORTED = "ignore::pytest.PytestAssertRewriteWarning"
"""Libraries are loaded before pytest starts, which it tells; an error of that would pass for a caught mutant."""
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Group:
    """Modules, and what must fail when they are wrong."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    """The quick ones first: the first that fails ends the look at a mutant."""
    schedules: bool = False
    """Whether seeded schedules are played after them."""


GROUPS = {
    "merge": Group(("reconciler.decide.merge",), ("test_decide_merge.py", "proof/test_once_failed.py"), True),
    "conflict": Group(
        ("reconciler.acts.attempt", "reconciler.acts.apply", "reconciler.acts.bench"),
        (
            "test_acts_attempt.py",
            "test_acts_bench.py",
            "test_acts_apply.py",
            "proof/test_once_failed.py",
        ),
        True,
    ),
    "retry": Group(
        ("reconciler.genesys.pacing", "reconciler.genesys.patience"),
        ("test_genesys_pacing.py", "test_genesys_client.py"),
    ),
    "redaction": Group(
        ("reconciler.genesys.words", "reconciler.kinds.hiding"),
        ("test_genesys_words.py", "test_kinds_hiding.py"),
    ),
}


def mutations(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Give every mutant of a module, with where and what it is."""
    places = [node for node in ast.walk(tree) if _changes(node)]
    for place, node in enumerate(places):
        for number, name in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = [one for one in ast.walk(changed) if _changes(one)][place]
            _apply(twin, number)
            yield f"line {getattr(node, 'lineno', 0)}: {name}", ast.fix_missing_locations(changed)


def _changes(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        return [f"{type(node.ops[0]).__name__} turned"]
    if isinstance(node, ast.BoolOp):
        return ["and for or" if isinstance(node.op, ast.Or) else "or for and"]
    if isinstance(node, ast.If | ast.IfExp):
        return ["if always", "if never"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ["not dropped"]
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        return [f"{node.value} changed"]
    return []


def _apply(node: Any, number: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = TURNED[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.Constant(number == 0)
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    else:
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1


def swap(module: ModuleType, changed: ast.Module) -> bool:
    """Put the code of a changed module into the functions that are there; False where no function differs."""
    new = dict(_codes(compile(changed, str(module.__file__), "exec")))
    swapped = False
    for name, function in _functions(module):
        code = new.get(name)
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            swapped = swapped or code != function.__code__
            function.__code__ = code
    return swapped


def _codes(code: CodeType, prefix: str = "") -> Iterator[tuple[str, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for value in list(vars(module).values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            function = getattr(function, "__wrapped__", function)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function.__qualname__, function


def warm_up(group: Group) -> None:
    """Load pytest and the tests here, so that no child has to; none of them is run."""
    _pytest(group, "--collect-only")


def seconds_unchanged(group: Group) -> float | None:
    """Give what the group's tests take of the processor without a change; None where they fail, so say nothing."""
    before = _seconds_of_children()
    failed = is_caught(group, None, None, LONGEST_SECONDS)
    return None if failed else _seconds_of_children() - before


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def is_caught(
    group: Group, module: ModuleType | None, changed: ast.Module | None, seconds: float
) -> bool | None:
    """Run the group's tests on a mutant in a process of its own; None where the mutant changes no function."""
    child = os.fork()
    if child == 0:
        os._exit(_verdict(group, module, changed, seconds))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code == NO_MUTANT else code != 0


def _verdict(group: Group, module: ModuleType | None, changed: ast.Module | None, seconds: float) -> int:
    signal.alarm(LONGEST_SECONDS)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a stream for everything the tests print
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    if module and changed and not swap(module, changed):
        return NO_MUTANT
    failed = _pytest(group, "-x")
    if failed or not group.schedules:
        return failed
    return int(any(broken(play(make_schedule(seed))) for seed in range(SCHEDULES)))


def _pytest(group: Group, *words: str) -> int:
    here = Path(__file__).parent.parent
    alone = ["-q", "-n", "0", "-p", "no:cacheprovider", "-W", IMPORTED]
    with contextlib.redirect_stdout(io.StringIO()):
        return int(pytest.main([*words, *alone, *(str(here / name) for name in group.tests)]))


def try_group(name: str, most: int) -> float | None:
    """Try the mutants of a group, print those that nobody noticed, and give the share of the others."""
    group, began = GROUPS[name], time.monotonic()
    mutants = [one for module in group.modules for one in _mutants(importlib.import_module(module))]
    warm_up(group)
    seconds = seconds_unchanged(group)
    if seconds is None:
        print(f"{name}: the tests fail without any change", flush=True)
        return None
    random.Random(1).shuffle(mutants)
    verdicts: list[bool] = []
    for module, told, changed in mutants[:most]:
        verdict = is_caught(group, module, changed, max(LEAST_SECONDS, TIMES_AS_LONG * seconds))
        if verdict is None:
            continue
        verdicts.append(verdict)
        if not verdict:
            print(f"{name}: {module.__name__} {told}: nobody noticed", flush=True)
    caught, tried = sum(verdicts), len(verdicts)
    share = caught / tried if tried else 1.0
    print(f"{name}: {caught} of {tried} caught ({share:.0%}), {time.monotonic() - began:.0f} s", flush=True)
    return share


def _mutants(module: ModuleType) -> Iterator[tuple[ModuleType, str, ast.Module]]:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    return ((module, told, changed) for told, changed in mutations(tree))


def main() -> int:
    """Try the groups that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m proof.mutate")
    parser.add_argument("groups", nargs="*", default=list(GROUPS))
    parser.add_argument("--most", type=int, default=10_000, metavar="N")
    words = parser.parse_args()
    shares = [try_group(name, words.most) for name in words.groups]
    if None in shares:
        return 2
    return 0 if min(share for share in shares if share is not None) >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
