"""The tables' benchmark goes on where it stood, and chooses by validation rows."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LEARNERS = ["histogram(rate 0.1*", "mlp"]


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """Scripts are found last, so that none hides a module of the standard library."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])


def run(monkeypatch, capsys, folder, *options):
    import tables

    arguments = ["tables.py", "drawn", "--out", str(folder), *options, "--learners", *LEARNERS]
    monkeypatch.setattr(sys, "argv", arguments)
    tables.main()
    return capsys.readouterr()


@pytest.mark.slow
def test_runs_that_are_on_record_are_not_done_again(monkeypatch, capsys, tmp_path):
    first = run(monkeypatch, capsys, tmp_path, "--seeds", "2")
    assert first.err.count("CPU s") == 4
    again = run(monkeypatch, capsys, tmp_path, "--seeds", "2")
    assert not again.err
    assert again.out == first.out
    assert "mlp against histogram" in again.out
    assert again.out.count("| yes |") == 4


@pytest.mark.slow
def test_a_line_that_was_cut_short_is_done_again(monkeypatch, capsys, tmp_path):
    run(monkeypatch, capsys, tmp_path, "--seeds", "1")
    path = tmp_path / "drawn" / "runs.jsonl"
    path.write_text(path.read_text()[:-20])
    assert run(monkeypatch, capsys, tmp_path, "--seeds", "1").err.count("CPU s") == 1
    assert run(monkeypatch, capsys, tmp_path, "--seeds", "1").err == ""


def test_validation_rows_choose():
    from tables_judge import chosen
    from tables_sets import SETS

    def runs(*figures):
        return [SimpleNamespace(record={"validation": {"mean nMSE": each}}) for each in figures]

    tried = {"a": runs(0.3, 0.4), "b": runs(0.2, 0.4), "c": runs(0.1)}
    assert chosen(SETS["drawn"], tried) == "b"
    assert chosen(SETS["tox21"], tried) == "a"
    assert chosen(SETS["drawn"], {}) is None


def test_gains_are_differences_of_areas_and_shares_of_errors():
    from tables_judge import by_seed
    from tables_sets import SETS

    assert SETS["tox21"].gain(0.83, 0.82) == pytest.approx(0.01)
    assert SETS["drawn"].gain(0.9, 1.0) == pytest.approx(0.1)
    mean, low, high = by_seed(np.array([0.1, 0.2, 0.3]))
    assert (mean, low, high) == pytest.approx((0.2, -0.0484, 0.4484), abs=1e-4)


def test_areas_of_one_test_file_are_compared_over_its_rows():
    from tables_judge import Run, over_rows
    from tables_sets import SETS

    generator = np.random.default_rng(0)
    truth = generator.integers(2, size=(400, 2)).astype(float)

    def runs(noise):
        return [
            Run(
                {"n_train": 800},
                truth,
                truth + noise * generator.standard_normal(truth.shape),
                np.arange(400),
            )
            for _ in range(3)
        ]

    found = over_rows(SETS["census"], runs(0.5), runs(1.0), ("a", "b"))
    assert list(found) == ["a, AUC", "b, AUC"]
    for value, low, high in found.values():
        assert 0 < low < value < high < 1
