"""What httpx would look for in vain, or load for nothing; to be imported before it.

It imports its own command line, and rich with it where that is installed: half of its time. And for every request
httpcore asks whether sniffio is there; where it is not, Python looks through every folder of the path each time.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
