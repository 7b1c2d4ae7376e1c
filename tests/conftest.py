"""Fixtures that several rooms share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from story import story

__all__ = ["story"]

# How fast examples come depends on what else the machine does; that says nothing about the code.
# In CI the examples are the same in every run: what has passed passes again, and a failure is one of the change.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("steady"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "steady")

if "SEED_DEFECT" in os.environ:
    import seed_mutants

    seed_mutants.MUTANTS[os.environ["SEED_DEFECT"]]()
