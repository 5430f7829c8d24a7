"""Ctrl-C while a saved model's workshop is cleaned up leaves no workshop behind."""

import shutil

import pytest

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
