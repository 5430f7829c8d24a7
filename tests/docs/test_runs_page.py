"""The page on runs: its code runs and prints what it says, and its paths exist."""

import json
import re
from pathlib import Path

import pytest
import yaml
from cli_tables import write_houses

from polytask.cli import main
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
    _, block, _ = blocks("yaml")
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


STUDY = blocks("yaml")[-1]


def test_the_complete_study_file_names_every_option():
    given = yaml.safe_load(STUDY)
    others = re.findall(r"^# (\w+):|; (\w+) and (\w+) say how|or (\w+): ", STUDY, re.MULTILINE)
    named = {*given, *(name for found in others for name in found)}
    assert named >= set(CompareSettings.model_fields)
    assert set(given) <= set(CompareSettings.model_fields)


@pytest.mark.slow
def test_the_complete_study_file_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_houses(tmp_path / "houses.csv")
    (tmp_path / "study.yaml").write_text(STUDY)
    quick = ["--seeds", "1", "--trials", "1", "--steps", "2", "--jobs", "1"]
    with pytest.raises(SystemExit) as end:
        main(["compare", "--config", "study.yaml", *quick])
    said = capsys.readouterr()
    assert not end.value.code, said.err
    names = {
        learner["name"]
        for learner in json.loads((tmp_path / "runs/houses/comparison.json").read_text())[
            "learners"
        ]
    }
    assert names >= {
        "hard_sharing+uncertainty_weighting",
        "mmoe(n_experts=4)+pc_grad+uncertainty_weighting",
        "linear",
        "single_task",
    }
    assert any("penalty=trace_norm, penalty.alpha=0.1" in name for name in names)
