"""Rooms of polytask's own joint estimators, and of the recipes among their settings."""

__all__ = ["ESTIMATOR_ROOMS", "SETTING_ROOMS"]

ESTIMATOR_ROOMS = (
    "polytask.linear_model",
    "polytask.kernel_methods",
    "polytask.tree_models",
    "polytask.gaussian_processes",
)
"""Import paths of the rooms whose public estimators names mean, and files may hold."""
SETTING_ROOMS = ("polytask.datafits", "polytask.penalties")
"""Import paths of the rooms whose public dataclasses estimators in files may have as settings."""
