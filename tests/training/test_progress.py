import sys

import pytest

from polytask.training import silently
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


def test_no_bar_elsewhere():
    assert not TrainingProgress(10, None).enabled
