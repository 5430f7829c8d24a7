"""The two label stores answer alike."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.data import (
    MultiTaskDataset,
    OwnRowLabels,
    TableLabels,
    encode,
    fit_schemas,
    make_blocks,
)
from polytask.data.sources._labels import column_values
from polytask.tasks import Task


@st.composite
def own_rows(draw):
    """Target values, the task of every row, and the number of tasks."""
    n_tasks = draw(st.integers(1, 4))
    values = st.floats(-5, 5) | st.none()
    cells = draw(st.lists(st.tuples(values, st.integers(0, n_tasks - 1)), min_size=1, max_size=30))
    target, task = zip(*cells, strict=True)
    return pl.Series("y", target, dtype=pl.Float64), np.array(task, dtype=np.int32), n_tasks


def both_stores(target, task, n_tasks):
    names = tuple(f"t{number}" for number in range(n_tasks))
    columns = [
        pl.Series(name, np.where(task == number, target.to_numpy(), np.nan))
        for number, name in enumerate(names)
    ]
    dense = TableLabels(pl.DataFrame(columns), {name: (name,) for name in names})
    return dense, OwnRowLabels(target.to_frame(), task, names)


@given(own_rows(), st.data())
def test_dense_and_own_row_labels_behave_alike(drawn, data):
    dense, own = both_stores(*drawn)
    rows = np.array(
        data.draw(st.lists(st.integers(0, own.n_rows - 1), max_size=20)), dtype=np.int64
    )
    for one, other in ((dense, own), (dense.take(rows), own.take(rows))):
        assert one.tasks == other.tasks
        assert one.n_rows == other.n_rows
        for task in one.tasks:
            np.testing.assert_array_equal(one.rows(task), other.rows(task))
            (left,), (right,) = one.columns(task).values(), other.columns(task).values()
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_both_stores_give_the_same_encoded_labels(kind):
    generator = np.random.default_rng(0)
    task = generator.integers(0, 3, 60)
    target = (
        generator.normal(size=60) if kind == "regression" else generator.integers(0, 2, 60) * 1.0
    )
    target[generator.random(60) < 0.2] = np.nan
    X = generator.normal(size=(60, 2))
    own = MultiTaskDataset.from_arrays(
        X, target, [Task(f"t{k}", kind) for k in range(3)], task_index=task
    )
    Y = np.where(task[:, None] == np.arange(3), target[:, None], np.nan)
    dense = MultiTaskDataset.from_arrays(X, Y, [Task(f"t{k}", kind) for k in range(3)])
    sparse_rows, dense_rows = encoded(own), encoded(dense)
    (sparse_block,), (dense_block,) = (one.targets.values() for one in (sparse_rows, dense_rows))
    rows = np.arange(60)
    np.testing.assert_array_equal(sparse_rows.task, task)
    assert dense_rows.task is None
    np.testing.assert_array_equal(dense_block.mask[rows, task], sparse_block.mask)
    assert dense_block.mask.sum() == sparse_block.mask.sum() == np.isfinite(target).sum()
    if kind == "binary":
        np.testing.assert_array_equal(dense_block.values[rows, task], sparse_block.values)


def encoded(dataset):
    schemas = fit_schemas(dataset)
    blocks = make_blocks(dataset.tasks, schemas)
    return encode(dataset.sources, dataset.tasks, schemas, blocks)["table"]


def test_own_rows_may_have_several_target_columns():
    labels = OwnRowLabels(
        pl.DataFrame({"y": [1.0, None, None, 4.0], "z": [None, 2.0, None, 5.0]}),
        np.array([0, 0, 1, 1], dtype=np.int32),
        ("a", "b"),
    )
    assert labels.rows("a").tolist() == [0, 1]
    assert labels.rows("b").tolist() == [3]
    np.testing.assert_array_equal(labels.columns("a")["y"], [1.0, np.nan])
    np.testing.assert_array_equal(labels.columns("a")["z"], [np.nan, 2.0])
    hidden = labels.hide({"a": np.array([1])}).take(np.array([1, 0, 3]))
    assert (hidden.rows("a").tolist(), hidden.rows("b").tolist()) == ([1], [2])
    assert labels.without(["a"]).columns("b")["z"].tolist() == [5.0]


def test_rows_without_a_task_are_nobodys():
    labels = OwnRowLabels(
        pl.DataFrame({"y": [1.0, 2.0, 3.0]}), np.array([1, -1, 0], dtype=np.int32), ("a", "b")
    )
    assert labels.rows("a").tolist() == [2]
    assert labels.rows("b").tolist() == [0]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([1, None, 3]), [1.0, np.nan, 3.0]),
        (pl.Series([None, None]), [np.nan, np.nan]),
        (pl.Series(["b", None, "a"]), ["b", None, "a"]),
        (pl.Series(["b", None, "a"], dtype=pl.Categorical), ["b", None, "a"]),
        (pl.Series([True, None, False]), [True, None, False]),
    ],
)
def test_columns_become_floats_or_objects(series, expected):
    values = column_values(series)
    assert values.dtype == (object if isinstance(expected[0], str | bool) else np.float64)
    np.testing.assert_array_equal(values, np.array(expected, dtype=values.dtype))


def test_cells_of_objects_are_plain_python_values():
    assert [type(value) for value in column_values(pl.Series([True, False]))] == [bool, bool]
    assert [type(value) for value in column_values(pl.Series(["a"]))] == [str]
