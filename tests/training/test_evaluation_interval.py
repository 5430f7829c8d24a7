"""When validation rows are evaluated, and what that does to the states that are kept."""

import numpy as np
import pytest

from polytask import read
from polytask.architectures import HardSharing, SingleTask
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer
from polytask.training._evaluation_interval import evaluation_interval


def schools(sizes, seed=0, n_columns=1):
    """Noisy planes of tasks with so many rows each."""
    rng = np.random.default_rng(seed)
    school = np.repeat([f"s{k}" for k in range(len(sizes))], sizes)
    x = rng.normal(size=(len(school), n_columns))
    table = {f"x{j}": x[:, j] for j in range(n_columns)}
    score = x.sum(axis=1) + np.sqrt(n_columns) * rng.normal(size=len(school))
    return read({**table, "school": school, "score": score}, target="score", task_column="school")


def steps(trained):
    return [epoch.step for epoch in trained.history.epochs]


def test_evaluations_start_close_together_and_move_apart():
    data = schools([40, 60])
    trained = Trainer(steps=700, patience=None, batch_size=128).fit(
        SingleTask(MLP((2,))), data, data
    )
    taken = steps(trained)
    gaps = np.diff([0, *taken[:-1]])
    assert taken[0] == 5
    assert taken[-1] == 700
    assert gaps.max() == 25
    assert np.all(np.diff(gaps) >= 0)


def test_a_single_task_counts_epochs_of_its_own_rows():
    data = schools([400, 400, 400, 400])
    trainer = Trainer(steps=200, patience=None, batch_size=32)
    alone = trainer.fit(SingleTask(MLP((2,))), data, data)
    together = trainer.fit(HardSharing(MLP((2,))), data, data)
    assert steps(alone)[0] == 13  # 400 rows
    assert steps(together)[0] == 50  # 1600 rows


def test_accumulated_batches_make_epochs_shorter():
    data = schools([640, 640])
    trainer = Trainer(steps=40, patience=None, batch_size=32, accumulate=2)
    assert steps(trainer.fit(HardSharing(MLP((2,))), data, data)) == [20, 40]


def test_an_interval_that_is_given_is_kept():
    data = schools([40, 60])
    trainer = Trainer(steps=10, patience=None, evaluate_every=3)
    assert steps(trainer.fit(SingleTask(MLP((2,))), data, data)) == [3, 6, 9, 10]


def test_a_run_that_is_resumed_goes_on_with_the_same_evaluations(tmp_path):
    data, path = schools([40, 60]), tmp_path / "run.safetensors"
    trainer = Trainer(steps=300, patience=None)
    whole = trainer.fit(SingleTask(MLP((2,))), data, data)

    class StoppedError(Exception):
        """The user's interruption."""

    def stop(record):
        if record.epoch == 30:
            raise StoppedError

    with pytest.raises(StoppedError):
        trainer.fit(
            SingleTask(MLP((2,))),
            data,
            data,
            checkpoint=path,
            checkpoint_seconds=0.0,
            on_epoch=stop,
        )
    resumed = trainer.fit(SingleTask(MLP((2,))), data, data, checkpoint=path)
    assert steps(resumed) == steps(whole)
    assert [e.validation_losses for e in resumed.history.epochs] == [
        e.validation_losses for e in whole.history.epochs
    ]


@pytest.mark.parametrize("epoch", [1, 3, 24, 25, 26, 1000])
def test_the_interval_is_an_epoch_at_least_and_never_falls(epoch):
    intervals = [evaluation_interval(step, epoch) for step in range(0, 3000, 7)]
    assert min(intervals) >= epoch
    assert max(intervals) == max(epoch, 25)
    assert intervals == sorted(intervals)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_single_tasks_on_few_rows_keep_states_from_before_they_overfit(seed):
    """The best state is often one of the first 25 steps."""
    data, held_out, test = (
        schools([n_rows] * 8, 3 * seed + part, n_columns=8)
        for part, n_rows in enumerate((30, 60, 300))
    )
    labels = test.sources[0].labelled()
    errors = {}
    for every in (None, 25):
        trainer = Trainer(learning_rate=0.01, evaluate_every=every)
        predictions = MultiTaskNetwork(SingleTask(), trainer).fit(data, held_out).predict(test)
        errors[every] = np.mean(
            [
                np.square(truth - predictions[name].response).mean()
                for name in data.tasks.names
                for truth in labels.columns(name).values()
            ]
        )
    assert errors[None] < errors[25]
