"""Sizes that networks may have: larger ones are slips, which would fill the memory."""

from __future__ import annotations

from polytask._validation import Interval

__all__ = ["COUNT", "WIDTH"]

WIDTH = Interval(int, 1, 100_000)
"""Features of a layer."""
COUNT = Interval(int, 1, 1_000)
"""Layers, members or experts, which are built one by one."""
