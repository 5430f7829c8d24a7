"""A save that is interrupted or killed leaves the model whole, and nothing else once it is over."""

import shutil
from pathlib import Path

import pytest
from forgery import laid_out
from fuzzed_bundles import saved

from polytask.predictor import load, sweep_halves
from polytask.predictor._folder import new_folder


def test_cleaning_up_is_finished(tmp_path, monkeypatch):
    rmtree, calls = shutil.rmtree, []

    def interrupted(folder, **options):
        calls.append(folder)
        if len(calls) == 1:
            raise KeyboardInterrupt
        rmtree(folder, **options)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "model") as folder:
        (folder / "file").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "file").read_text() == "whole"


def killed(folder: Path, *names: str) -> Path:
    """What a process leaves beside the model that is killed while it saves."""
    place = folder / ".model-ab_cd12x"
    place.mkdir()
    (place / "lock").touch()
    for name in names:
        laid_out(saved("linear")[0], place / name)
    return place


@pytest.mark.parametrize("names", [(), ("new",), ("new", "old")])
def test_halves_go_and_the_model_stays(tmp_path, names):
    laid_out(saved("linear")[0], tmp_path / "model")
    place = killed(tmp_path, *names)
    sweep_halves(tmp_path / "model")
    assert not place.exists()
    assert load(tmp_path / "model").name == "linear"


def test_a_model_that_was_about_to_be_replaced_comes_back(tmp_path):
    killed(tmp_path, "old", "new")
    sweep_halves(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert load(tmp_path / "model").name == "linear"


def test_the_next_save_sweeps(tmp_path):
    killed(tmp_path, "new")
    load(laid_out(saved("linear")[0], tmp_path / "other")).save(tmp_path / "model")
    assert {path.name for path in tmp_path.iterdir()} == {"model", "other"}
