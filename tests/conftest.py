"""Fixtures that several rooms share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from story import story

__all__ = ["story"]

# How fast examples come depends on what else the machine does; that says nothing about the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

if "SEED_DEFECT" in os.environ:
    import seed_mutants

    seed_mutants.MUTANTS[os.environ["SEED_DEFECT"]]()
