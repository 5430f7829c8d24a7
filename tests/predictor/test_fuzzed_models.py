"""Randomly changed models: an error sentence or valid predictions, and no foreign code."""

import subprocess
import sys
from pathlib import Path

import pytest
from fuzzed_bundles import MODELS, saved, try_case

HERE = Path(__file__).parents[1]
QUICK, MANY, BATCHES = 100, 2520, 6


@pytest.mark.usefixtures("unchecked_types")
def test_a_few_changes(tmp_path):
    sentence = [try_case(number, tmp_path) for number in range(QUICK)]
    assert sum(map(bool, sentence)) > QUICK / 2


def test_models_of_every_kind_of_file():
    names = {name.lstrip("0123456789-") for model in MODELS for name in saved(model)[0]}
    assert {name.partition(".")[2] for name in names} == {"json", "skops", "safetensors", "txt"}


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_many_changes(batch):
    """In a process of their own: compiled code that is fooled would end it."""
    first = QUICK + batch * MANY // BATCHES
    arguments = [str(HERE / "fuzzed_bundles.py"), str(first), str(first + MANY // BATCHES)]
    ran = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=HERE
    )
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr[-2000:]
