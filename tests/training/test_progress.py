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


def test_tasks_that_worsen_while_others_improve_are_named_in_the_bar(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "_SILENT_SECONDS", 0.0)
    bar = TrainingProgress(2, True)
    bar.show(1, {"a": 0.5}, lambda: ["a", "b", "c"])
    bar.close()
    assert "a 0.5  a, b and 1 more worse while others improve" in " ".join(
        capsys.readouterr().err.split("\n")
    )


def test_the_alarm_is_given_during_training_and_not_where_each_task_keeps_a_state_of_its_own(
    monkeypatch,
):
    from polytask.architectures import HardSharing
    from polytask.encoders import MLP
    from polytask.testing import tiny_dataset
    from polytask.training import Trainer

    lost = {"task0": [1.0, 0.5, 0.9, 0.9, 0.9], "task1": [1.0, 0.8, 0.6, 0.4, 0.2]}
    shown = []

    def show(bar, step, losses, worsened=tuple):
        shown.append(list(worsened()))

    monkeypatch.setattr(TrainingProgress, "show", show)
    epochs = iter(range(100))

    def by_task(validation):
        epoch = next(epochs) % 5
        return {name: losses[epoch] for name, losses in lost.items()}

    monkeypatch.setattr("polytask.training._training_run.ValidationLosses.by_task", by_task)
    data, trainer = tiny_dataset(["regression"] * 2), Trainer(steps=5, evaluate_every=1)
    trainer.fit(HardSharing(MLP((4,))), data, data)
    assert shown == [[], [], [], [], ["task0"]]
    shown.clear()
    trainer.fit(HardSharing(MLP((4,))).single_task(), data, data)
    assert shown
    assert not any(shown)
