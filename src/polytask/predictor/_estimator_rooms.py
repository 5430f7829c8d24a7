"""Rooms of polytask's own joint estimators."""

__all__ = ["ESTIMATOR_ROOMS"]

ESTIMATOR_ROOMS = ("polytask.linear_model", "polytask.kernel_methods", "polytask.tree_models")
"""Import paths of the rooms whose public estimators names mean, and files may hold."""
