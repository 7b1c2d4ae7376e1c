"""Fixtures that several rooms share."""

from __future__ import annotations

from story import story

__all__ = ["story"]
