"""The benchmark of ten tables reads comparisons that are there, and chooses by validation rows."""

import re
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_a_comparison_that_is_there_is_read(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    import ten_tables

    command = ["ten_tables.py", "--sets", "drawn", "--seeds", "1", "--steps", "5", "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", [*command, "--out", str(tmp_path)])
    ten_tables.main()
    first = capsys.readouterr()
    monkeypatch.setattr(ten_tables, "compare", None)
    ten_tables.main()
    assert capsys.readouterr().out == first.out
    assert re.search(r"\(hard_sharing\S* / (gradient_boosting|lightgbm)\)", first.out)
    assert "in the geometric mean over 1 sets" in first.out
