"""The alarm on tasks that get worse in joint training while others improve."""

import numpy as np
import pytest

from polytask.bookkeeping import EpochRecord, History, worsened_tasks
from polytask.evaluation.wording._worsened import worsened_notes


def history(**losses):
    rows = zip(*losses.values(), strict=True)
    epochs = [
        EpochRecord(k, k, 0.0, {}, dict(zip(losses, row, strict=True)), {}, 0.1)
        for k, row in enumerate(rows, start=1)
    ]
    return History(epochs, best_epoch=len(epochs))


FALLING = [4.0, 3.0, 2.0, 1.5, 1.0]


def test_a_task_that_loses_what_it_had_gained_is_named_with_the_share():
    assert worsened_tasks(history(a=[4.0, 2.0, 3.0, 3.0, 3.5], b=FALLING)) == {"a": 0.5}


@pytest.mark.parametrize(
    "losses",
    [
        [4.0, 3.0, 2.0, 1.5, 1.0],  # it improves
        [4.0, 2.0, 2.0, 2.05, 2.1],  # it loses little
        [4.0, 2.0, 3.0, 2.0, 3.0],  # once it is as good as ever
        [4.0, 3.0, 2.0, 3.0, 3.0],  # too short
        [4.0, 5.0, 6.0, 7.0, 8.0],  # it never learned anything
    ],
)
def test_no_alarm(losses):
    assert worsened_tasks(history(a=losses, b=FALLING)) == {}


def test_no_alarm_where_all_get_worse_or_there_is_no_other_task():
    worse = [4.0, 2.0, 3.0, 3.0, 3.5]
    assert worsened_tasks(history(a=worse, b=worse)) == {}
    assert worsened_tasks(history(a=worse)) == {}
    assert worsened_tasks(History()) == {}


def test_only_evaluations_up_to_the_kept_one_count():
    found = history(a=[4.0, 2.0, 3.0, 3.0, 3.5], b=FALLING)
    found.best_epoch = 2
    assert worsened_tasks(found) == {}


def test_noise_about_a_plateau_rarely_rings():
    generator = np.random.default_rng(0)
    rang = 0
    for _ in range(200):
        falling = np.exp(-np.arange(30) / 5)
        noisy = [falling + generator.normal(0, 0.01, 30) for _ in range(3)]
        rang += bool(worsened_tasks(history(a=noisy[0], b=noisy[1], c=noisy[2])))
    assert rang <= 10


def test_a_sentence_where_it_was_so_in_half_of_the_runs():
    bad = history(a=[4.0, 2.0, 3.0, 3.0, 3.5], b=FALLING).to_dict()
    good = history(a=FALLING, b=FALLING).to_dict()
    (note,) = worsened_notes({"hard_sharing": [bad, good], "mmoe": [bad, good, good], "x": [{}]})
    assert note.startswith(
        "A task of hard_sharing got worse on validation rows while the others improved: a (50% of "
        "what it had gained, 1 of 2 runs)."
    )
