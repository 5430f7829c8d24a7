"""The page on tuning: its code runs and prints what it says, its options and paths exist."""

import re
from pathlib import Path

import pytest

from polytask.cli import main
from polytask.cli._tune_ranges import tune_ranges
from polytask.learners.names import resolve_learner
from polytask.search._search_space import SearchSpace, check_paths

pytest.importorskip("optuna")

PAGE = (Path(__file__).parents[2] / "docs" / "tuning.md").read_text(encoding="utf-8")
TABLE = re.search(r"\| `--tune …`.*?\n\n", PAGE, re.DOTALL)[0].splitlines()[2:]
TUNED = [text.strip("'") for row in TABLE for text in re.findall(r"`(.*?)`", row.split(" | ")[0])]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs_and_prints_what_it_says(capsys):
    names = {}
    for block in blocks("python"):
        exec(compile(block, "docs/tuning.md", "exec"), names)
    assert capsys.readouterr().out == "".join(blocks("text"))


@pytest.mark.parametrize("text", TUNED)
def test_what_it_tunes_exists(text):
    paths, ranges = tune_ranges([text])
    space = SearchSpace(resolve_learner("hard_sharing"), paths or (), ranges)
    check_paths([space])
    assert space.ranges_of(space.learner)


def test_its_options_exist(capsys, monkeypatch):
    assert len(TUNED) == 10
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main(["tune", "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert named <= known
