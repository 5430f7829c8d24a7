import numpy as np
import pytest

from polytask.tasks import Binary, Regression
from polytask.testing import tiny_dataset


def labelled(data, name):
    source = next(source for source in data.sources if name in source.tasks.names)
    return len(source.labels.rows(name)), len(source.rows_of(name))


def test_one_table_with_all_kinds_and_missing_labels():
    data = tiny_dataset(["regression", "binary", "multiclass", "multilabel"])
    assert [task.kind.name for task in data.tasks] == [
        "regression",
        "binary",
        "multiclass",
        "multilabel",
    ]
    assert len(data.sources) == 1
    assert data.n_rows == 60
    for name in data.tasks.names[:3]:
        found, rows = labelled(data, name)
        assert 0.6 * rows < found < rows


def test_own_rows():
    data = tiny_dataset([Regression()] * 3, own_rows=True)
    assert data.sources[0].own_rows
    assert np.bincount(data.sources[0].task_index).tolist() == [20, 20, 20]


def test_own_tables_have_own_columns():
    data = tiny_dataset([Binary(), "regression"], own_tables=True)
    first, second = data.sources
    assert not set(first.inputs.columns) & set(second.inputs.columns)


def test_nothing_is_missing_if_so_asked():
    data = tiny_dataset(["binary"], missing=0.0)
    assert labelled(data, "task0") == (60, 60)


def test_the_seed_decides():
    first, same, other = (tiny_dataset(seed=seed).digest() for seed in (1, 1, 2))
    assert first == same != other


def test_the_targets_depend_on_the_inputs():
    data = tiny_dataset(["regression"], missing=0.0, n_rows=200)
    source = data.sources[0]
    X = source.inputs.select("x0", "x1", "x2").fill_nan(0).fill_null(0).to_numpy()
    (y,) = source.labels.columns("task0").values()
    X = np.column_stack([X, np.ones(len(X))])
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert residual.var() < 0.3 * y.var()


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="Did you mean 'binary'"):
        tiny_dataset(["binery"])
