"""Interrupted saves: the model stays whole, and leftovers are removed."""

import shutil
from pathlib import Path

import pytest
from forgery import laid_out
from fuzzed_bundles import saved

from polytask.predictor import load, remove_unfinished_saves
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
def test_unfinished_saves_are_removed_and_the_model_stays(tmp_path, names):
    laid_out(saved("linear")[0], tmp_path / "model")
    place = killed(tmp_path, *names)
    remove_unfinished_saves(tmp_path / "model")
    assert not place.exists()
    assert load(tmp_path / "model").name == "linear"


def test_a_model_that_was_about_to_be_replaced_is_restored(tmp_path):
    killed(tmp_path, "old", "new")
    remove_unfinished_saves(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert load(tmp_path / "model").name == "linear"


def test_the_next_save_removes_unfinished_ones(tmp_path):
    killed(tmp_path, "new")
    load(laid_out(saved("linear")[0], tmp_path / "other")).save(tmp_path / "model")
    assert {path.name for path in tmp_path.iterdir()} == {"model", "other"}
