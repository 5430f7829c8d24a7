"""The examples on sentences of travellers run."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHARING = ["LSTM, shared", "LSTM, one per task", "GRU, shared", "GRU, one per task"]


@pytest.mark.slow
@pytest.mark.usefixtures("polytask_data")
@pytest.mark.parametrize(
    ("name", "heads"),
    [("intents_and_slots", SHARING), ("chunks_and_sentences", ["Hierarchical", "HardSharing"])],
)
def test_sentences_of_travellers(name, heads, capsys):
    example = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    example["main"](rows=120, steps=5, width=8, seeds=1)
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == heads
