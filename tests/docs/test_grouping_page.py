"""The page on grouping: its code runs from top to bottom, its commands and names exist."""

import re
import shlex
from pathlib import Path

import pytest

import polytask.analysis
import polytask.search
from polytask.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "grouping.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(BASH,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs(capsys):
    names = {"__name__": "page"}
    for block in CODE:
        exec(compile(block, "docs/grouping.md", "exec"), names)
    said = capsys.readouterr().out
    assert "gain over apart" in said
    assert names["similarity"].n_networks == 12  # 6 tasks in 2 folds
    assert names["pairs"].n_networks == 30  # 15 pairs in 2 folds; tasks alone were trained before


@pytest.mark.parametrize("line", BASH.splitlines())
def test_its_commands_have_their_options(line, capsys):
    _, command, *words = shlex.split(line, comments=True)
    with pytest.raises(SystemExit):
        main([command, "--help"])
    known = capsys.readouterr().out
    assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[a-z-]+", known))


def test_the_classes_it_names_exist():
    named = set(re.findall(r"`([A-Z]\w+)`", PAGE))
    public = {*polytask.analysis.__all__, *polytask.search.__all__}
    assert named <= public
    assert {"PredictionSimilarity", "TrainedPairs", "GradientCosine"} <= named
