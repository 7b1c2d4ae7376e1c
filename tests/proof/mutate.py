"""Automatic mutation of the code that merges, retries, settles conflicts and hides secrets.

`python -m proof.mutate [GROUP…] [--most N]`, from `tests/`: each mutant is one small change of one function (a
comparison turned, a condition dropped, a number off by one), put into a forked process, where the tests of its
group must fail. By hand, because the libraries for this start the whole suite anew for each mutant; here one import
serves all of them.
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

SECONDS = 90
"""Of the processor, for the tests on one mutant; whoever shares the machine counts for nothing."""
LONGEST_SECONDS = 900
"""By the clock, for a mutant that waits for ever."""
SCHEDULES = 120
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
    schedules: bool = False


GROUPS = {
    "merge": Group(("reconciler.decide.merge",), ("test_decide_merge.py", "proof/test_once_failed.py"), True),
    "conflict": Group(
        ("reconciler.acts.attempt", "reconciler.acts.apply", "reconciler.acts.bench"),
        (
            "proof/test_once_failed.py",
            "proof/test_reread.py",
            "test_story_apply.py",
            "test_story_clash.py",
            "test_story_plan.py",
            "test_story_interrupted.py",
            "test_story_messaging.py",
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
    if isinstance(node, ast.If):
        return ["if always", "if never"]
    if isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        return [f"{node.value} changed"]
    return []


def _apply(node: Any, number: int) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = TURNED[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif isinstance(node, ast.If):
        node.test = ast.Constant(number == 0)
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


def is_caught(group: Group, module: ModuleType, changed: ast.Module | None) -> bool | None:
    """Run the group's tests on a mutant in a process of its own; None where the mutant changes no function.

    Without a change they must pass, or a mutant that fails them says nothing.
    """
    child = os.fork()
    if child == 0:
        os._exit(_verdict(group, module, changed))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code == 7 else code != 0


def _verdict(group: Group, module: ModuleType, changed: ast.Module | None) -> int:
    signal.alarm(LONGEST_SECONDS)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a stream for everything the tests print
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    if changed and not swap(module, changed):
        return 7
    if group.schedules:
        for seed in range(SCHEDULES):
            if broken(play(make_schedule(seed))):
                return 1
    return _tests(group)


def _tests(group: Group) -> int:
    here = Path(__file__).parent.parent
    alone = ["-n", "0", "-p", "no:cacheprovider", "-W", IMPORTED]
    words = ["-x", "-q", *alone, *(str(here / name) for name in group.tests)]
    with contextlib.redirect_stdout(io.StringIO()):
        return int(pytest.main(words))


def main() -> int:
    """Try mutants and print those that nobody noticed."""
    parser = argparse.ArgumentParser(prog="python -m proof.mutate")
    parser.add_argument("groups", nargs="*", default=list(GROUPS))
    parser.add_argument("--most", type=int, default=10_000, metavar="N")
    words = parser.parse_args()
    lowest = 1.0
    for name in words.groups:
        group, caught, tried, began = GROUPS[name], 0, 0, time.monotonic()
        mutants = []
        for module_name in group.modules:
            module = importlib.import_module(module_name)
            tree = ast.parse(Path(str(module.__file__)).read_text())
            mutants += [(module, told, changed) for told, changed in mutations(tree)]
        if is_caught(group, mutants[0][0], None):
            print(f"{name}: the tests fail without any change", flush=True)
            return 2
        random.Random(1).shuffle(mutants)
        for module, told, changed in mutants[: words.most]:
            verdict = is_caught(group, module, changed)
            if verdict is None:
                continue
            tried, caught = tried + 1, caught + verdict
            if not verdict:
                print(f"{name}: {module.__name__} {told}: nobody noticed", flush=True)
        share = caught / tried if tried else 1.0
        lowest = min(lowest, share)
        print(
            f"{name}: {caught} of {tried} caught ({share:.0%}), {time.monotonic() - began:.0f} s", flush=True
        )
    return 0 if lowest >= 0.85 else 1


if __name__ == "__main__":
    sys.exit(main())
