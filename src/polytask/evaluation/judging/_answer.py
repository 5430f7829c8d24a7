"""Possible answers of a comparison, per task and over all tasks."""

from __future__ import annotations

__all__ = ["ALPHA", "HELPED", "HURT", "MIXED", "NOTHING", "ONE_TASK", "TOO_FEW", "UNDEFINED"]

HELPED, HURT, MIXED = "helped", "hurt", "mixed"
NOTHING, ONE_TASK, UNDEFINED = "no difference shown", "nothing to share", "undefined"
TOO_FEW = "too few units"
ALPHA = 0.05
