"""Speed side by side in one run: ratios of processor time, counts by the server, growth. Everything on loopback.

    python tests/benchmarks/speed.py [--files 10000] [--runs 3] [PART …]

Ratios come from processes that ran in turn, so that a busy machine slows all alike; processor time counts, children
included, since other work on the machine only stretches the wall clock.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

# The stories of the tests serve here, too.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from applies import applies
from counts import requests
from fleets import fleets
from plans import growth, plans
from probes import probes
from reports import reports
from starts import starts

PARTS: dict[str, Callable[[int, int], None]] = {
    # What this process loads itself comes last: a child's peak of memory counts from its parent's.
    "starts": starts,
    "plans": plans,
    "growth": growth,
    "applies": applies,
    "probes": probes,
    "reports": reports,
    "fleets": fleets,
    "requests": requests,
}


def main() -> int:
    """Print a table of what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    print("| what | seen | goal |\n|---|---|---|")
    for name, part in PARTS.items():
        if name in (asked.parts or PARTS):
            part(asked.files, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
