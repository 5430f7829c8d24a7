"""The examples run."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_plain_loop(capsys):
    runpy.run_path(str(EXAMPLES / "plain_loop.py"), run_name="__main__")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("step   0")
    assert last.startswith("step 200")


@pytest.mark.slow
def test_compare_digits(tmp_path, capsys):
    example = runpy.run_path(str(EXAMPLES / "compare_digits.py"))
    example["main"](steps=50, seeds=1, report=str(tmp_path / "report.html"))
    assert "three digits" in capsys.readouterr().out
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_balancing_multi_mnist(polytask_data, capsys):
    example = runpy.run_path(str(EXAMPLES / "balancing_multi_mnist.py"))
    example["main"](rows=300, steps=25)
    heads = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert heads == ["plain sum", "uncertainty_weighting", "mgda"]
