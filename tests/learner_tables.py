"""Small tables with every kind of column and target, and missing cells everywhere."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from polytask.data import MultiTaskDataset
from polytask.tasks import Multilabel, Regression, Task

MIXED_TASKS = (
    Task("price", "regression"),
    Task("size", Regression(), target=("width", "height")),
    Task("rich", "binary"),
    Task("grade", "multiclass"),
    Task("tags", Multilabel(), target=("tag_a", "tag_b")),
)
INPUTS = ("x", "y", "colour", "flag")


def mixed_table(n_rows: int = 160, seed: int = 0) -> pl.DataFrame:
    """Numbers, text, booleans; targets of every kind that depend on them."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n_rows), rng.normal(size=n_rows)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    signal = x + 0.5 * y + (colour == "red") + 0.3 * rng.normal(size=n_rows)
    frame = pl.DataFrame(
        {
            "x": x,
            "y": y,
            "colour": colour,
            "flag": rng.random(n_rows) < 0.5,
            "price": 1000 + 50 * signal,
            "width": 3 * signal,
            "height": -signal + rng.normal(size=n_rows),
            "rich": np.where(signal > 0.3, "yes", "no"),
            "grade": np.digitize(signal, [-0.5, 1.0]) + 3,
            "tag_a": (signal > 0).astype(int),
            "tag_b": (y > 0).astype(int),
        }
    )
    return _with_holes(frame, rng, except_for=["x", "flag"])


def _with_holes(
    frame: pl.DataFrame, rng: np.random.Generator, except_for: list[str]
) -> pl.DataFrame:
    holes = {name: rng.random(frame.height) < 0.1 for name in frame.columns}
    return frame.with_columns(
        pl.when(pl.Series(~holes[name])).then(pl.col(name)).alias(name)
        for name in frame.columns
        if name not in except_for
    )


def mixed_data(
    tasks: Iterable[Task] = MIXED_TASKS, n_rows: int = 160, seed: int = 0
) -> MultiTaskDataset:
    """The mixed table; target columns of tasks that are left out are no inputs."""
    return MultiTaskDataset.from_table(mixed_table(n_rows, seed), tasks, features=INPUTS)


def long_table(n_rows: int = 160, seed: int = 1) -> pl.DataFrame:
    """Rows that each belong to one of four schools, which differ in their level."""
    rng = np.random.default_rng(seed)
    school, x = rng.integers(0, 4, n_rows), rng.normal(size=n_rows)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    score = 20 + 3 * x + 2.0 * school + (colour == "red") + 0.2 * rng.normal(size=n_rows)
    frame = pl.DataFrame(
        {
            "x": x,
            "colour": colour,
            "school": [f"school {number}" for number in school],
            "score": score,
            "passed": np.where(score > 23, "yes", "no"),
        }
    )
    return _with_holes(frame, rng, except_for=["x", "school"])


def long_data(target: str = "score", n_rows: int = 160, seed: int = 1) -> MultiTaskDataset:
    """The long table with `score` (numbers) or `passed` (two classes) as the target."""
    other = "passed" if target == "score" else "score"
    frame = long_table(n_rows, seed)
    return MultiTaskDataset.from_long(frame, target, "school", drop=[other])


def halves(data: MultiTaskDataset) -> tuple[MultiTaskDataset, MultiTaskDataset]:
    """The first two thirds of every source's rows, and the rest."""
    cuts = {source.name: 2 * source.n_rows // 3 for source in data.sources}
    first = {name: np.arange(cut) for name, cut in cuts.items()}
    rest = {s.name: np.arange(cuts[s.name], s.n_rows) for s in data.sources}
    return data.take(first), data.take(rest)
