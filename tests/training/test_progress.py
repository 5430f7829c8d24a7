import sys

import pytest

from polytask.training import _progress, silently
from polytask.training._progress import TrainingProgress


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_a_bar_on_a_terminal_unless_the_caller_shows_one():
    assert TrainingProgress(10, None).enabled
    with silently():
        assert not TrainingProgress(10, None).enabled
        assert TrainingProgress(10, True).enabled
    assert TrainingProgress(10, None).enabled


def test_no_bar_elsewhere(monkeypatch):
    assert not TrainingProgress(10, None).enabled
    monkeypatch.setattr(sys, "stderr", None)
    assert not TrainingProgress(10, None).enabled


def test_names_of_tasks_are_no_markup(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "_SILENT_SECONDS", 0.0)
    bar = TrainingProgress(2, True)
    bar.show(1, {"[/l]": 0.5})
    bar.close()
    assert "[/l] 0.5" in capsys.readouterr().err
