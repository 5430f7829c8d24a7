"""Estimators of quantiles, and the setting that is their level."""

from __future__ import annotations

from typing import Any

from polytask.tasks._estimator_answers import learns_loss

__all__ = ["QUANTILE", "level_setting"]

QUANTILE = "quantile"
"""What the loss of such estimators is called."""


def level_setting(estimator: Any) -> str:
    """The setting that is the level of an estimator of quantiles, or of one inside it, or "".

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from polytask.tasks._quantile_estimators import level_setting
    >>> level_setting(HistGradientBoostingRegressor(loss="quantile", quantile=0.9))
    'quantile'
    """
    if not learns_loss(estimator, QUANTILE):
        return ""
    settings = estimator.get_params()
    for level in ("quantile", "quantile_alpha"):
        for name in settings:
            if name.split("__")[-1] == level:
                return name
    if hasattr(type(estimator), "parameter_constraints"):
        return ""  # of polytask, whose `alpha` is the strength of a penalty
    for name, value in settings.items():
        if value == QUANTILE:  # of a loss, to which scikit-learn and LightGBM give an alpha
            start, separator, _ = name.rpartition("__")
            return f"{start}{separator}alpha"
    return ""
