"""Generator of hourly traffic at several sensors with known seasons in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._validation import Interval, check

__all__ = ["TrafficTruth", "make_traffic"]

_OWNER = "make_traffic"
_DAY, _WEEK = 24, 7 * 24
_WAVES = 4


@dataclass(frozen=True, eq=False)
class TrafficTruth:
    """What generated traffic is made of.

    Parameters
    ----------
    expected : array of shape (n_hours, n_sensors)
        Traffic without noise; no forecast has a lower mean squared error than that of these values.
    seasons : array of shape (168, 2)
        The seasons in common, hour by hour of a week from Monday on: commuters and leisure.
    shares : array of shape (2, n_sensors)
        What each sensor has of them.
    """

    expected: Float64[np.ndarray, "hours sensors"]
    seasons: Float64[np.ndarray, "168 2"]
    shares: Float64[np.ndarray, "2 sensors"]


def make_traffic(
    n_sensors: int = 8,
    n_weeks: int = 8,
    *,
    relatedness: float = 0.8,
    noise: float = 0.3,
    seed: int = 0,
) -> tuple[pl.DataFrame, TrafficTruth]:
    r"""Make hourly series of traffic that have daily and weekly seasons in common.

    .. math:: y_{tk} = \sqrt{\rho} \, \sum_j w_{jk} s_j(t) + \sqrt{1 - \rho} \, o_k(t)
              + \sigma \varepsilon_{tk}

    with the seasons :math:`s_j` of commuters (two peaks on weekdays) and leisure (one in the
    afternoon, higher at weekends), shares :math:`w` between 0 and 1 that differ between sensors, a
    daily season o of each sensor alone, and standard normal noise. Both sums have mean 0 and
    deviation 1 over a week.

    Parameters
    ----------
    n_sensors : int, default 8
    n_weeks : int, default 8
    relatedness : float in [0, 1], default 0.8
        ρ, the share of the variance that comes from seasons in common.
    noise : float in [0, 10], default 0.3
        σ, its standard deviation.
    seed : int, default 0

    Returns
    -------
    table : polars.DataFrame
        A row per hour from a Monday on: ``weekday`` (0 to 6), ``hour`` (0 to 23), and ``sensor_0`` ….
        `polytask.data.windows` makes rows to learn from.
    truth : TrafficTruth

    Examples
    --------
    >>> from polytask.datasets import make_traffic
    >>> table, truth = make_traffic(n_sensors=3, n_weeks=2)
    >>> table.shape, truth.expected.shape
    ((336, 5), (336, 3))
    """
    for name, size in {"n_sensors": n_sensors, "n_weeks": n_weeks}.items():
        check(_OWNER, name, size, Interval(int, 1))
    check(_OWNER, "relatedness", relatedness, Interval(float, 0.0, 1.0))
    check(_OWNER, "noise", noise, Interval(float, 0.0, 10.0))
    generator = np.random.default_rng(seed)
    seasons, shares = _seasons(), generator.uniform(size=(2, n_sensors))
    common, own = _standardized(seasons @ shares), _standardized(_own_days(generator, n_sensors))
    week = np.sqrt(relatedness) * common + np.sqrt(1 - relatedness) * own
    expected = np.tile(week, (n_weeks, 1))
    traffic = expected + noise * generator.standard_normal(expected.shape)
    hours = np.arange(len(traffic))
    columns = {"weekday": hours // _DAY % 7, "hour": hours % _DAY}
    columns |= {f"sensor_{sensor}": values for sensor, values in enumerate(traffic.T)}
    return pl.DataFrame(columns), TrafficTruth(expected, seasons, shares)


def _seasons() -> Float64[np.ndarray, "168 2"]:
    """Commuters and leisure, by hour of the week."""
    hours = np.arange(_WEEK)
    hour, weekend = hours % _DAY, hours // _DAY >= 5
    commuters = (_peak(hour, 8, 1.5) + _peak(hour, 17, 2.0)) * np.where(weekend, 0.2, 1.0)
    leisure = _peak(hour, 15, 4.0) * np.where(weekend, 1.0, 0.4)
    return np.stack([commuters, leisure], axis=1)


def _peak(hour: np.ndarray, at: float, width: float) -> np.ndarray:
    apart = np.abs(hour - at)
    return np.exp(-0.5 * (np.minimum(apart, _DAY - apart) / width) ** 2)


def _own_days(generator: np.random.Generator, n_sensors: int) -> Float64[np.ndarray, "168 sensors"]:
    """Random waves of a day for each sensor."""
    angles = 2 * np.pi * np.arange(_WEEK)[:, None] * np.arange(1, _WAVES + 1) / _DAY
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    return waves @ generator.standard_normal((2 * _WAVES, n_sensors))


def _standardized(values: Float64[np.ndarray, "168 sensors"]) -> Float64[np.ndarray, "168 sensors"]:
    return (values - values.mean(axis=0)) / values.std(axis=0)
