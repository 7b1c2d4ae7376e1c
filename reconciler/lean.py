"""Keeps httpx from importing its own command line, and rich with it: half of its time, for nothing.

To be imported before it. Without that module httpx is whole; its documented fallback only says how to get the command.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
