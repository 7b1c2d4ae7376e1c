"""Clients that nobody here wrote, held against the emulator and against what we send: development only.

    python -m tests.clients            everything that installs
    python -m tests.clients models     write tests/clients/models.json anew, from the vendor's Python SDK

Needs pip and npm with a registry; nothing of it is part of the test command, but for `models.json`.
"""

import sys
from pathlib import Path

# The helpers of the stories are modules of the test folder, as pytest has them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
