"""A coverage-guided campaign from bytes to verdict, for as long as somebody lets it run; not part of the tests.

    .venv/bin/pip install atheris
    .venv/bin/python tests/fuzz/verdict.py -max_total_time=600 -rss_limit_mb=2048 -timeout=5

It begins with the cases of the rules, and ends at the first input that breaks what must hold of every verdict.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["reconciler"]):
    from verdicts import CASES, mend, require_shown, verdict


def judge_one(data: bytes) -> None:
    """Judge one input, and look at the verdict."""
    require_shown(verdict(data))
    mend(data)


def main() -> None:
    """Fuzz; the words of the command line are libFuzzer's."""
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            (Path(folder) / str(number)).write_bytes(case.read_bytes())
        atheris.Setup([*sys.argv, folder], judge_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
