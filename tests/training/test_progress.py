import sys
from dataclasses import replace
from itertools import count

import pytest

from polytask.architectures import HardSharing
from polytask.bookkeeping import worsened_tasks
from polytask.encoders import MLP
from polytask.testing import tiny_dataset
from polytask.training import Member, Trainer, _progress, silently
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


LOST = {"task0": [1.0, 0.5, 0.9, 0.9, 0.9], "task1": [1.0, 0.8, 0.6, 0.4, 0.2]}
SMALL = HardSharing(MLP((4,)))
DATA = tiny_dataset(["regression"] * 2)
TRAINER = Trainer(steps=5, evaluate_every=1)


@pytest.fixture
def shown(monkeypatch):
    """What bars name at every evaluation of trainings of which the first task gets worse."""
    names, epochs = [], count()

    def show(bar, step, losses, worsened=tuple):
        names.append(list(worsened()))

    def by_task(validation):
        epoch = next(epochs) % 5
        return {name: losses[epoch] for name, losses in LOST.items()}

    def of_members(scores, due):
        now = by_task(None)
        own = [scores.members[k].tasks.names for k in due.tolist()]
        return [{name: now[name] for name in names} for names in own]

    monkeypatch.setattr(TrainingProgress, "_advance", show)
    monkeypatch.setattr("polytask.training._training_run.ValidationLosses.by_task", by_task)
    monkeypatch.setattr("polytask.training._stack_run.StackScores.losses", of_members)
    return names


def test_the_alarm_is_given_during_training(shown):
    TRAINER.fit(SMALL, DATA, DATA)
    assert shown == [[], [], [], [], ["task0"]]


def test_no_alarm_is_given_where_each_task_keeps_a_state_of_its_own(shown):
    TRAINER.fit(SMALL.single_task(), DATA, DATA)
    assert shown
    assert not any(shown)


def test_the_alarm_of_members_side_by_side_says_in_how_many(shown):
    TRAINER.fit_many(SMALL, [Member(seed=1), Member(seed=2)], DATA, DATA)
    assert shown == [[], [], [], []]  # both ended at the last evaluation
    shown.clear()
    replace(TRAINER, steps=6).fit_many(SMALL, [Member(seed=1), Member(seed=2)], DATA, DATA)
    assert shown[4] == ["task0 (2 of 2 members)"]


def test_the_alarm_of_members_one_after_another_says_in_how_many(shown):
    trainer = replace(TRAINER, aggregation="mean")
    runs = trainer.fit_many(SMALL, [Member(seed=1), Member(seed=2)], DATA, DATA)
    first, second = ["task0 (1 of 2 members)"], ["task0 (2 of 2 members)"]
    assert shown == [[], [], [], [], first, first, first, first, first, first, second, second]
    assert list(worsened_tasks(runs[0].history)) == ["task0"]


def test_the_alarm_is_searched_once_per_second(monkeypatch):
    monkeypatch.setattr(_progress, "_SILENT_SECONDS", 0.0)
    searched = []

    def worsened():
        searched.append(1)
        return ["a"]

    bar = TrainingProgress(9, True)
    for step in range(3):
        bar.show(step, {"a": 0.5}, worsened)
    bar.close()
    assert len(searched) == 1
