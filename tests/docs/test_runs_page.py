"""The page on runs: its code runs and prints what it says, and its paths exist."""

import re
from pathlib import Path

import pytest
import yaml

from polytask.cli._learners import named_learner
from polytask.cli._set_option import with_settings
from polytask.cli._set_values import set_values
from polytask.cli._settings import CompareSettings, FitSettings

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
TYPED = re.findall(r"--set ([a-z_.]+=[^\s`]+)", PAGE)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_code_runs(capsys):
    names = {}
    for block in blocks("python"):
        exec(compile(block, "docs/runs.md", "exec"), names)
    assert capsys.readouterr().out == "".join(blocks("text"))


@pytest.mark.parametrize("typed", TYPED)
def test_what_is_set_exists(typed):
    model = "hard_sharing+ca_grad" if typed.startswith("aggregation") else "hard_sharing"
    before = named_learner(model)
    assert with_settings([before], FitSettings(set=typed), print) != (before,)


def test_what_the_study_file_sets_exists():
    _, block = blocks("yaml")
    values = set_values(yaml.safe_load(block)["set"])
    assert list(values) == ["trainer.optimizer", "encoder.dropout", "encoder.widths"]
    given = FitSettings(set=[f"{path}={text}" for path, text in values.items()])
    (network,) = with_settings([named_learner("hard_sharing")], given, print)
    assert network.architecture.encoder.widths == (64, 64)


def test_models_have_the_settings_that_the_page_gives_them():
    typed = re.findall(r"--model '([^']+\([^']+)'", PAGE)
    written = CompareSettings(model=yaml.safe_load(blocks("yaml")[0])["model"]).model
    assert [named_learner(name) for name in written] == [named_learner(name) for name in typed]
    assert [named_learner(name).architecture.n_experts for name in typed] == [4, 16]


def test_paths_are_found():
    assert len(TYPED) == 4
