import numpy as np

from polytask.data import MultiTaskDataset
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.tasks import Task


def test_rows_are_units_without_groups():
    X, y = np.eye(5), np.arange(5.0)
    data = MultiTaskDataset.from_per_task({"a": (X, y), "b": (X[:3], y[:3])})
    assert len(set(unit_ids(data).tolist())) == 8


def test_groups_are_units():
    groups = np.array([4, 4, 7, 7, 7])
    data = MultiTaskDataset.from_arrays(
        np.eye(5), np.arange(5.0), [Task("y", "regression")], groups=groups
    )
    found = unit_ids(data)
    assert len(np.unique(found)) == 2
    assert found[0] == found[1] != found[2] == found[4]
