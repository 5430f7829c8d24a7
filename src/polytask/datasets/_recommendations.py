"""Generator of recommendations: what users click, buy and how they rate it, with known preferences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._validation import Interval, check
from polytask.data import MultiTaskDataset
from polytask.tasks import Task

__all__ = ["PreferenceTruth", "make_recommendations"]

_OWNER = "make_recommendations"
_DAYS = 30
_TASTES = 4
_GENRES = 5


@dataclass(frozen=True, eq=False)
class PreferenceTruth:
    """The true chances behind generated recommendations.

    Parameters
    ----------
    click : array of shape (n_users, n_items)
        Chance that a user who is shown an item clicks it.
    conversion : array of shape (n_users, n_items)
        Chance that the user clicks and buys it.
    rating : array of shape (n_users, n_items)
        Expected rating, before it is cut to the range from 1 to 5.
    """

    click: Float64[np.ndarray, "users items"]
    conversion: Float64[np.ndarray, "users items"]
    rating: Float64[np.ndarray, "users items"]


def make_recommendations(
    n_users: int = 400,
    n_items: int = 200,
    n_shown: int = 60,
    *,
    new_users: float = 0.2,
    seed: int = 0,
) -> tuple[MultiTaskDataset, PreferenceTruth]:
    r"""Make items shown to users: clicks, purchases, ratings of what was bought, age groups of users.

    Users and items have tastes :math:`p_u, q_i` in four dimensions, and items a popularity
    :math:`b_i`. With their agreement :math:`a = p_u^\top q_i`,

    .. math:: P(\text{click}) = \sigma(-1 + b_i + 1.5 a), \qquad
              P(\text{buys} \mid \text{click}) = \sigma(-0.5 + a), \qquad
              \text{rating} \sim N(3 + a, 0.5^2)

    Age groups are those of a user's first taste.

    Parameters
    ----------
    n_users : int, default 400
    n_items : int, default 200
    n_shown : int in [1, n_items], default 60
        Items shown to each user, all different, on random days.
    new_users : float in [0, 1), default 0.2
        Share of the users who come in the last fifth of the days only.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        A row per item shown. Inputs: ``user`` and ``item``, identifiers that are read as categories;
        ``day``, for a split by time; ``activity`` and ``region``, noisy traces of a user's tastes,
        ``genre`` and ``price`` of an item's. Tasks: ``click`` (binary), ``conversion`` (binary, after
        ``click``), ``rating`` (regression, missing unless bought), ``age_group`` (multiclass, known
        for half of the users).
    truth : PreferenceTruth
        Rows in the order of ``user_0``, ``user_1`` …, columns of ``item_0`` ….

    Examples
    --------
    >>> from polytask.datasets import make_recommendations
    >>> dataset, truth = make_recommendations(n_users=20, n_items=10, n_shown=5)
    >>> dataset.n_rows, dataset.tasks.names
    (100, ('click', 'conversion', 'rating', 'age_group'))
    >>> bool((truth.conversion < truth.click).all())
    True
    """
    check(_OWNER, "n_users", n_users, Interval(int, 2))
    check(_OWNER, "n_items", n_items, Interval(int, 2))
    check(_OWNER, "n_shown", n_shown, Interval(int, 1, n_items))
    check(_OWNER, "new_users", new_users, Interval(float, 0.0, 1.0, closed="left"))
    generator = np.random.default_rng(seed)
    users = generator.standard_normal((n_users, _TASTES))
    items = generator.standard_normal((n_items, _TASTES)) / np.sqrt(_TASTES)
    truth = _truth(users, items, 0.5 * generator.standard_normal(n_items))
    user = np.repeat(np.arange(n_users), n_shown)
    item = np.concatenate([generator.permutation(n_items)[:n_shown] for _ in range(n_users)])
    first = np.where(np.arange(n_users) < new_users * n_users, _DAYS - _DAYS // 5, 0)
    days = generator.integers(first[user], _DAYS)
    click = generator.random(len(user)) < truth.click[user, item]
    chance = truth.conversion[user, item] / truth.click[user, item]
    bought = click & (generator.random(len(user)) < chance)
    rating = truth.rating[user, item] + 0.5 * generator.standard_normal(len(user))
    ages = np.digitize(users[:, 0], [-0.5, 0.5])
    known = generator.random(n_users) < 0.5
    traces = users[:, :2] + generator.standard_normal((n_users, 2))
    columns = {
        "user": [f"user_{number}" for number in user],
        "item": [f"item_{number}" for number in item],
        "day": days,
        "activity": traces[user, 0],
        "region": [f"region_{number}" for number in np.digitize(traces[:, 1], [-1, 0, 1])[user]],
        "genre": [f"genre_{number}" for number in _genres(items)[item]],
        "price": items[item, 1] + 0.3 * generator.standard_normal(n_items)[item],
        "click": click.astype(int),
        "conversion": bought.astype(int),
        "rating": np.where(bought, np.clip(rating, 1, 5), np.nan),
        "age_group": np.where(known[user], ages[user].astype(float), np.nan),
    }
    tasks = [
        Task("click", "binary"),
        Task("conversion", "binary", after="click"),
        Task("rating", "regression"),
        Task("age_group", "multiclass"),
    ]
    roles = {"user": "categorical", "item": "categorical"}
    return MultiTaskDataset.from_table(pl.DataFrame(columns), tasks, columns=roles), truth


def _truth(
    users: Float64[np.ndarray, "users tastes"],
    items: Float64[np.ndarray, "items tastes"],
    popularity: Float64[np.ndarray, " items"],
) -> PreferenceTruth:
    agreement = users @ items.T
    click = 1 / (1 + np.exp(1 - popularity - 1.5 * agreement))
    return PreferenceTruth(click, click / (1 + np.exp(0.5 - agreement)), 3 + agreement)


def _genres(items: Float64[np.ndarray, "items tastes"]) -> np.ndarray:
    """Items of similar first two tastes, by angle."""
    angles = np.arctan2(items[:, 1], items[:, 0])
    return np.minimum((angles + np.pi) / (2 * np.pi) * _GENRES, _GENRES - 1).astype(int)
