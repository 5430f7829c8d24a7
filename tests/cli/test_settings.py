from pathlib import Path

import pytest

from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.exceptions import ParameterError, SourceFileError


def study(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_given_keeps_its_default():
    found = settings(CompareSettings, {"table": Path("t.csv"), "seeds": None, "target": []})
    assert (found.table, found.seeds, found.target) == (Path("t.csv"), 3, [])


def test_options_win_over_the_study_file(tmp_path):
    config = study(tmp_path, "table: t.csv\ntarget: [income, married]\nseeds: 7\nquiet: true\n")
    found = settings(CompareSettings, {"config": config, "seeds": 2, "quiet": None})
    assert (found.table, found.target, found.seeds, found.quiet) == (
        Path("t.csv"),
        ["income", "married"],
        2,
        True,
    )


def test_one_word_needs_no_brackets_and_hyphens_are_fine(tmp_path):
    config = study(tmp_path, "target: income\ntask-column: school\n")
    found = settings(FitSettings, {"config": config})
    assert (found.target, found.task_column) == (["income"], "school")


def test_an_empty_study_file_says_nothing(tmp_path):
    assert settings(FitSettings, {"config": study(tmp_path, "")}) == FitSettings()


def test_an_unknown_name_names_the_nearest(tmp_path):
    config = study(tmp_path, "sedes: 3\n")
    with pytest.raises(ParameterError, match=r"no option named 'sedes'. Did you mean 'seeds'"):
        settings(CompareSettings, {"config": config})


def test_a_value_of_the_wrong_type_names_its_place(tmp_path):
    config = study(tmp_path, "seeds: many\n")
    with pytest.raises(
        ParameterError, match=r"`seeds` parameter of .*study.yaml must be a whole number"
    ):
        settings(CompareSettings, {"config": config})


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "seeds"])
def test_a_file_that_is_no_study(tmp_path, text):
    with pytest.raises(SourceFileError, match="study file"):
        settings(CompareSettings, {"config": study(tmp_path, text)})


def test_a_missing_study_file(tmp_path):
    with pytest.raises(SourceFileError, match="cannot be read"):
        settings(CompareSettings, {"config": tmp_path / "none.yaml"})
