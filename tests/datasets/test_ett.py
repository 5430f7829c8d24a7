import numpy as np
import polars as pl
import pytest

from polytask.datasets import as_table, fetch_ett


@pytest.fixture(scope="module")
def ett(polytask_data):
    return fetch_ett(lags=24, horizon=3, every=5)


def test_windows_hold_the_hours_of_one_part(ett, polytask_data):
    table = pl.read_csv(polytask_data / "ett" / "ETTh1.csv", n_rows=14_400)
    oil = table["OT"].to_numpy()
    oil = (oil - oil[:8640].mean()) / oil[:8640].std()
    (source,) = ett.dataset.sources
    (split,) = ett.split.splits(ett.dataset, seed=0)
    past = source.inputs["past"].to_numpy()[:, :, 6]
    ahead = np.stack(list(source.labelled().columns("OT").values()), axis=1)
    windows = np.concatenate([past, ahead], axis=1)
    edges = {"train": (0, 8640), "validation": (8640, 11_520), "test": (11_520, 14_400)}
    total = 0
    for part, (first, end) in edges.items():
        starts = np.arange(-(-first // 5) * 5, end - 26, 5)
        rows = getattr(split, part)[source.name]
        np.testing.assert_allclose(windows[rows], oil[starts[:, None] + np.arange(27)])
        total += len(rows)
    assert total == source.n_rows


def test_a_task_for_each_series(ett):
    assert ett.dataset.tasks.names == ett.info.tasks
    assert ett.dataset.tasks["OT"].columns == ("OT_1", "OT_2", "OT_3")


def test_table_of_single_hours(polytask_data):
    table = as_table("ETT")
    assert len(table) == 14_328
    known = pl.read_csv(polytask_data / "ett" / "ETTh1.csv", n_rows=50)
    assert table["HUFL"][0] == known["HUFL"][24]
    assert table["HUFL_24_ago"][0] == known["HUFL"][0]
    assert table["OT_1_ago"][1] == known["OT"][24]
    assert table["split"].value_counts().sort("split")["count"].to_list() == [2856, 8616, 2856]
