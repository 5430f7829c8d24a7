"""One fingerprint for one content, in every process."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from polytask.data import MultiTaskDataset
from polytask.tasks import Task

MAKE = """
import numpy as np, polars as pl
from polytask.data import MultiTaskDataset
frame = pl.DataFrame({
    "n": [1, None, 3], "t": ["é", None, ""], "b": [True, None, False], "y": [1.5, None, 2.5],
    "d": pl.Series([0, 1, None], dtype=pl.Date), "g": [1, 1, 2],
    "a": pl.Series([[1.0, 2.0], None, [3.0, None]], dtype=pl.Array(pl.Float32, 2)),
})
data = MultiTaskDataset.from_table(frame, ["y"], group="g")
"""


def made():
    space = {}
    exec(MAKE, space)
    return space["data"]


def test_other_processes_find_the_same():
    code = MAKE + "print(data.digest())"
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)}
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env
    )
    assert found.stdout.strip() == made().digest()


def test_the_layout_in_memory_does_not_count():
    data = made()
    rows = np.arange(3)
    assert data.take({"table": rows}).digest() == data.digest()
    assert data.take({"table": rows[::-1]}).take({"table": rows[::-1]}).digest() == data.digest()


TABLE = {"x": [1.0, 2.0, 3.0], "w": ["a", "b", "ab"], "y": [1.5, 0.5, None]}


@pytest.mark.parametrize(
    "change",
    [
        {"x": [1.0, 2.0, 3.5]},
        {"x": [1.0, 2.0, None]},
        {"w": ["ab", "", "ab"]},
        {"w": ["a", "b", None]},
        {"y": [1.5, 0.5, 0.0]},
        {"more": [1, 2, 3]},
    ],
)
def test_every_cell_counts(change):
    one = MultiTaskDataset.from_table(TABLE, [Task("y", "regression")])
    other = MultiTaskDataset.from_table({**TABLE, **change}, [Task("y", "regression")])
    assert one.digest() != other.digest()


@pytest.mark.parametrize(
    "arguments",
    [
        {"weight": [1, 2, 3]},
        {"group": [0, 1, 1]},
        {"tasks": [Task("y", "regression", weight=2.0)]},
        {"tasks": [Task("y", "regression", role="auxiliary")]},
        {"tasks": [Task("other", "regression", target="y")]},
    ],
)
def test_tasks_weights_and_groups_count(arguments):
    plain = {"tasks": [Task("y", "regression")]}
    one = MultiTaskDataset.from_table(TABLE, **plain)
    assert one.digest() != MultiTaskDataset.from_table(TABLE, **{**plain, **arguments}).digest()


def test_the_order_of_rows_counts():
    one = MultiTaskDataset.from_table(TABLE, ["y"])
    assert one.digest() != one.take({"table": np.array([1, 0, 2])}).digest()


def test_whole_numbers_and_fractions_of_one_value_are_one():
    one = MultiTaskDataset.from_table({**TABLE, "x": pl.Series([1, 2, 3], dtype=pl.Int8)}, ["y"])
    assert one.digest() == MultiTaskDataset.from_table(TABLE, ["y"]).digest()


def steps(cells):
    return pl.Series([[1.0, cells], [2.0]], dtype=pl.List(pl.Float64))


def vectors(cells):
    return pl.Series([[1.0, cells], [2.0, 3.0]], dtype=pl.Array(pl.Float64, 2))


def steps_of_vectors(cells):
    dtype = pl.List(pl.Array(pl.Float64, 2))
    return pl.Series([[[1.0, cells]], [[2.0, 3.0], [4.0, 5.0]]], dtype=dtype)


@pytest.mark.parametrize("column", [steps, vectors, steps_of_vectors])
def test_missing_cells_in_lists_and_tensors_count(column):
    one, other, third = (
        MultiTaskDataset.from_table(
            pl.DataFrame({"x": column(cell), "y": [1.0, 2.0]}), [Task("y", "regression")]
        ).digest()
        for cell in (None, 0.0, float("nan"))
    )
    assert one != other
    assert one == third


def test_digests_of_complete_lists_and_tensors_stay():
    """Runs and checkpoints are found by them; a missing row has always counted."""
    frame = pl.DataFrame(
        {
            "s": pl.Series([[1.0, 2.0], [3.0], None]),
            "a": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Float64, 2)),
            "y": [1.0, 2.0, 3.0],
        }
    )
    digest = MultiTaskDataset.from_table(frame, [Task("y", "regression")]).digest()
    assert digest == "8a8fa4b141d97d84c9b350a4a1f69f7480c066332cc517babe61b96613f70fd0"
