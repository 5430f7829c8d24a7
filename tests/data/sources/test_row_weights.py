"""Row weights: for all tasks or for each, of any scale, and zeros."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polytask.data import FixedSplit, MultiTaskDataset, RandomSplit, Split, read, unit_mean
from polytask.exceptions import DataError, ParameterError

N = 12
TABLE = {
    "x": np.arange(N) / 3,
    "a": [0, 1] * 6,
    "b": [0.5, 1.5, None] * 4,
    "w": np.arange(N) + 1.0,
    "v": [2.0] * N,
}
TASKS = ["a", "b"]


def weights(data, task):
    return data.sources[0].weights_of(task).tolist()


@pytest.mark.parametrize(
    "weight",
    [
        {"a": "w", "b": "v"},
        {"a": np.arange(N) + 1, "b": [2] * N},
        {None: "w", "b": "v"},
        np.column_stack([np.arange(N) + 1, [2] * N]),
    ],
    ids=["columns", "arrays", "others", "matrix"],
)
def test_weights_of_each_task(weight):
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight=weight, drop=["w", "v"])
    assert weights(data, "a") == list(range(1, N + 1))
    assert weights(data, "b") == [2.0] * 8
    assert data.sources[0].inputs.columns == ["x"]


def test_tasks_that_a_mapping_does_not_name_weigh_one():
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight={"a": "w"})
    assert data.sources[0].inputs.columns == ["x", "v"]
    assert weights(data, "b") == [1.0] * 8


def test_weights_of_each_task_survive_taking_rows_and_leaving_out_tasks():
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight={"a": "w", "b": "v"})
    taken = data.take({"table": np.array([5, 0, 1])})
    assert weights(taken, "a") == [6, 1, 2]
    assert weights(taken, "b") == [2, 2]
    assert weights(data.without_tasks(["a"]), "b") == [2] * 8
    assert data.digest() != MultiTaskDataset.from_table(TABLE, TASKS, weight="w").digest()


def test_rows_of_one_task_take_their_own_tasks_weight():
    who = ["p", "q"] * 6
    long = {"x": range(N), "y": np.arange(N) / 7, "who": who, "w": TABLE["w"], "v": TABLE["v"]}
    data = MultiTaskDataset.from_long(long, "y", "who", weight={"q": "w"})
    assert weights(data, "p") == [1.0] * 6
    assert weights(data, "q") == [2, 4, 6, 8, 10, 12]
    arrays = MultiTaskDataset.from_arrays(
        np.eye(4), range(4), task_index=[0, 1, 0, 1], weights=np.array([[1, 9], [9, 2]] * 2)
    )
    assert [weights(arrays, task) for task in ("0", "1")] == [[1, 1], [2, 2]]


@pytest.mark.parametrize("columns", [2, 3])
def test_weights_of_a_table_a_task(columns):
    tables = {"p": (np.eye(4)[:, :2], range(4)), "q": (np.eye(5)[:, :columns], range(5))}
    data = MultiTaskDataset.from_per_task(tables, kinds="regression", weights={"q": range(1, 6)})
    found = {s.name: data.unit_weights("q").get(s.name) for s in data.sources}
    assert data.unit_weights("p")[data.sources[0].name].tolist() == [1] * 4
    np.testing.assert_allclose(found[data.sources[-1].name], np.arange(1, 6) / 3)
    with pytest.raises(ParameterError, match="no task named 'r' to give row weights"):
        MultiTaskDataset.from_per_task(tables, weights={"r": [1]})


def test_unknown_tasks_and_wrong_shapes_are_refused():
    with pytest.raises(ParameterError, match=r"no task named 'aa' .* Did you mean 'a'"):
        MultiTaskDataset.from_table(TABLE, TASKS, weight={"aa": "w"})
    with pytest.raises(ParameterError, match=r"shape \(12,\) or, one column per task, \(12, 2\)"):
        MultiTaskDataset.from_table(TABLE, TASKS, weight=np.ones((N, 3)))
    with pytest.raises(DataError, match="weight of b"):
        MultiTaskDataset.from_table(TABLE, TASKS, weight=np.column_stack([[1] * N, [-1] * N]))


# ── scale ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("power", [-1000, -20, 20, 900])
def test_a_power_of_two_changes_no_bit(power):
    given = np.random.default_rng(0).exponential(size=50)
    np.testing.assert_array_equal(unit_mean(np.ldexp(given, power)), unit_mean(given))
    assert unit_mean(given).mean() == pytest.approx(1.0)


@pytest.mark.parametrize("level", [1 / 3, 1e-6, 1e300, 5e-324])
def test_equal_weights_are_exactly_one(level):
    assert unit_mean(np.full(7, level)).tolist() == [1.0] * 7


def test_each_tasks_weights_have_the_mean_one_over_its_labels():
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight="w")
    for task in TASKS:
        (unit,) = data.unit_weights(task).values()
        assert unit.mean() == pytest.approx(1.0)
        np.testing.assert_allclose(unit / unit[0], weights(data, task))


# ── zeros ─────────────────────────────────────────────────────────────────────
def test_labels_of_weight_zero_are_no_labels():
    weight = np.array([0.0, 0.0, *range(1, 11)])
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight=weight)
    assert data.sources[0].labelled().rows("a").tolist() == list(range(2, N))
    assert data.sources[0].labelled().rows("b").tolist() == [3, 4, 6, 7, 9, 10]
    assert data.n_rows == N  # so that published splits keep their places
    assert data.without_zero_weights().sources[0].row_ids.tolist() == list(range(2, N))
    assert data.notes[-1] == "2 rows of weight 0: left out of training and of metrics"
    split = Split({"table": np.arange(8)}, {}, {"table": np.arange(8, N)})
    (found,) = FixedSplit((split,), validation=0.0).splits(data, 0)
    assert found.test["table"].tolist() == [8, 9, 10, 11]


def test_a_row_may_weigh_nothing_for_one_task_alone():
    data = MultiTaskDataset.from_table(TABLE, TASKS, weight={"a": [0, 0, *[1] * 10]})
    assert data.sources[0].labelled().rows("a").tolist() == list(range(2, N))
    assert data.sources[0].labelled().rows("b").tolist() == [0, 1, 3, 4, 6, 7, 9, 10]
    assert data.without_zero_weights().n_rows == N
    assert not any("weight 0" in note for note in data.notes)
    taken = data.take({"table": np.array([1, 2])})
    assert taken.sources[0].labelled().rows("a").tolist() == [1]


def test_kinds_are_inferred_from_rows_that_weigh():
    table = {"x": range(8), "y": [0, 1, 0, 1, 0, 1, 7.5, 9], "who": ["p", "q"] * 4}
    weight = [1.0] * 6 + [0.0] * 2
    wide = MultiTaskDataset.from_table(table, "y", drop="who", weight=weight)
    long = MultiTaskDataset.from_long(
        table | {"who": ["p", "p", "q", "q"] * 2}, "y", "who", weight=weight
    )
    for data in (wide, long):
        assert data.tasks[0].kind.name == "binary"
        assert sum(len(data.sources[0].labelled().rows(t)) for t in data.tasks.names) == 6


def test_true_and_false_keep_and_leave_out():
    data = MultiTaskDataset.from_table(TABLE, ["a"], weight=[True, False] * 5 + [True] * 2)
    assert weights(data, "a") == [1.0] * 7


def test_a_task_whose_labels_all_weigh_nothing_is_named():
    weight = [0.0, 0.0, 1.0] * 4
    with pytest.raises(DataError, match=r"Task 'b'.* no observed label|All rows have the weight 0"):
        MultiTaskDataset.from_table(TABLE, ["b"], weight=weight)


def test_a_weight_may_be_missing_where_no_label_is():
    weight = [1.0, 1.0, None] * 4
    data = MultiTaskDataset.from_table(TABLE, ["b"], weight=weight)
    assert weights(data, "b") == [1.0] * 8
    with pytest.raises(DataError, match=r"weight of task 'a' is missing in row 2 \(4 such rows\)"):
        MultiTaskDataset.from_table(TABLE, ["a"], weight=weight)


def test_splits_pass_over_zeros():
    weight = np.r_[np.zeros(20), np.ones(40)]
    data = read({"x": range(60), "y": [0, 1] * 30}, ["y"], weight=weight)
    train, validation, test = RandomSplit().splits(data, 0)[0].apply(data)
    sizes = [len(part.sources[0].labelled().rows("y")) for part in (train, validation, test)]
    assert sizes == [24, 8, 8]


def test_weights_by_name_are_read_beside_features(tmp_path):
    path = tmp_path / "t.csv"
    pl.DataFrame(TABLE).write_csv(path)
    data = read(path, TASKS, features=["x"], weight={"a": "w", "b": "v"})
    assert weights(data, "b") == [2.0] * 8


def test_hand_made_sources_with_zeros_are_masked_too():
    data = MultiTaskDataset.from_table(TABLE, TASKS)
    table = np.ones((N, 2))
    table[:3, 0] = table[3, :] = 0
    heavy = replace(data, sources=(replace(data.sources[0], weights=table),))
    found = heavy.without_zero_weights().sources[0]
    assert found.row_ids.tolist() == [0, 1, 2, *range(4, N)]
    assert found.labelled().rows("a").tolist() == list(range(3, N - 1))
