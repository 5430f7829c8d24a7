"""The study behind the defaults goes on where it stood, on rows that no benchmark tests."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def found(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])


def test_the_study_goes_on_where_it_stood(monkeypatch, capsys, tmp_path):
    import table_defaults

    monkeypatch.setattr(
        table_defaults, "CONFIGURATIONS", {"base": {"steps": 5}, "rate": {"steps": 6}}
    )
    command = ["table_defaults.py", "--kinds", "trial", "--sizes", "100", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    table_defaults.main()
    first = capsys.readouterr()
    assert first.err.count("CPU s") == 2
    table_defaults.main()
    again = capsys.readouterr()
    assert not again.err
    assert again.out == first.out
    assert "| base | 1.000 | 1.000 |" in again.out


def test_rows_of_a_subset_are_apart_and_none_is_tested():
    from table_subsets import ORIGINS

    from polytask.data import splits_of

    data, splitter = ORIGINS["drawn"].read()
    _, (split,), _ = splits_of(data, splitter, 0)
    rows = ORIGINS["drawn"].subset(200, seed=3)
    parts = [part.sources[0].row_ids for part in (rows.train, rows.stop, rows.choose)]
    assert [len(part) for part in parts] == [200, 66, 214]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together)
    (tested,) = split.test.values()
    assert not np.isin(together, tested).any()


def test_a_set_that_is_too_small_for_a_size_is_left_out():
    from table_subsets import ORIGINS

    assert ORIGINS["drawn"].subset(2000, seed=0) is None
