from dataclasses import replace

import numpy as np

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.judging._replicates import TestRows, _add, _distinct, _Means, beside
from polytask.evaluation.running._outcome import Outcome
from polytask.metrics import RMSE
from polytask.tasks import FittedTarget

PERSONS = np.array([7, 7, 3, 9, 3])


def two_sources(groups: dict[str, np.ndarray | None]) -> MultiTaskDataset:
    """Five rows in each of two tables, whose rows belong to persons or to nobody."""
    X = np.arange(10.0).reshape(5, 2)
    data = MultiTaskDataset.from_per_task(
        {"a": ({"p": X[:, 0]}, X[:, 0]), "b": ({"q": X[:, 1]}, X[:, 1])}, kinds="regression"
    )
    sources = [replace(s, groups=groups[s.tasks.names[0]]) for s in data.sources]
    return MultiTaskDataset(tuple(sources), data.tasks)


def counts(data: MultiTaskDataset) -> np.ndarray:
    everything = Split({}, {}, {source.name: np.arange(5) for source in data.sources})
    (drawn,) = TestRows.of(data, [everything], 200).draws.chunks()
    return drawn


def test_a_group_in_several_sources_is_drawn_once_for_all():
    other = PERSONS[::-1].copy()
    drawn = counts(two_sources({"a": PERSONS, "b": other}))
    persons = np.concatenate([PERSONS, other])
    for person in np.unique(persons):
        mine = drawn[:, persons == person]
        assert (mine == mine[:, :1]).all()
    assert (drawn[:, 0] != drawn[:, 2]).any()
    assert {int(row[persons == 7][0] + row[2] + row[3]) for row in drawn} == {3}


def test_rows_of_a_source_without_groups_are_drawn_one_by_one():
    drawn = counts(two_sources({"a": PERSONS, "b": None}))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    units = drawn[:, [0, 2, 3, *range(5, 10)]]
    assert (units.sum(axis=1) == 8).all()
    assert len(np.unique(units, axis=1).T) == 8


def test_without_groups_every_row_is_drawn_by_itself():
    drawn = counts(two_sources({"a": None, "b": None}))
    assert (drawn.sum(axis=1) == 10).all()


def outcome(response: np.ndarray) -> Outcome:
    rows = np.arange(len(response))
    weight = np.ones(len(rows), dtype=np.float32)
    return Outcome(np.zeros(len(rows)), response, rows, weight, FittedTarget(("y",), 1))


def test_equal_answers_of_several_runs_are_judged_once():
    first, second = np.array([0.0, 1.0]), np.array([0.0, 2.0])
    found = _distinct([outcome(first), outcome(second), outcome(first.copy())])
    assert [times for _, times in found] == [2, 1]
    means = _Means(RMSE(), 3)
    _add(
        means=[means],
        outcomes=found,
        counts=np.ones((3, 2), dtype=np.float32),
        rows=np.arange(2),
        first=0,
    )
    expected = (2 * np.sqrt(0.5) + np.sqrt(2)) / 3
    np.testing.assert_allclose(means.means(), expected)


def test_large_comparisons_draw_fewer_for_the_other_metrics():
    assert (beside(25_000, 2), beside(25_001, 2)) == (200, 100)
