from dataclasses import replace

import numpy as np

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation._replicates import TestRows

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
