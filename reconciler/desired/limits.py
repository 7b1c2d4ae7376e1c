"""How much one channel file may hold."""

from __future__ import annotations

FILE_LIMIT = 65_536
"""Bytes."""
DEPTH_LIMIT = 16
"""Mappings and lists inside each other."""
NODE_LIMIT = 5_000
"""Keys, values, mappings and lists."""
