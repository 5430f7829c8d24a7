"""Limits of the scores of counts, which the kind, its ensembles and its loss share."""

from __future__ import annotations

__all__ = ["FARTHEST", "WIDEST"]

FARTHEST = 30.0
"""Logarithm of the largest factor between a rate and the mean rate."""
WIDEST = 10.0
"""Logarithm of the largest dispersion, and minus that of the smallest."""
