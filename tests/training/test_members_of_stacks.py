"""Members whose rows, ends or numbers differ from those of others in their stack."""

from dataclasses import replace

import numpy as np
import pytest
from populations import assert_as_apart, assert_equal_runs, stacks_and_reasons
from training_tables import mixed_table

from polytask.architectures import HardSharing
from polytask.encoders import MLP
from polytask.testing import tiny_dataset
from polytask.training import Member, Trainer, _population

SMALL, NOISY = HardSharing(MLP((8,))), HardSharing(MLP((8,), dropout=0.3))
NORMED = HardSharing(MLP((8,), normalization="batch"))
DATA = mixed_table(n_rows=80)
TABLES = tiny_dataset(("regression", "binary"), own_tables=True)
TRAINER = Trainer(steps=8, batch_size=16, evaluate_every=4, patience=None)
SGD = replace(TRAINER, optimizer="sgd", learning_rate=0.02, weight_decay=0.1)
SLOW = pytest.mark.slow
DIVERGING = [Member(), Member(learning_rate=1e30), Member(seed=1)]


def folds(**settings):
    """Members that leave out other numbers of rows of the first source."""
    first, draw = TABLES.sources[0], np.random.default_rng(0)
    shares = [draw.random(first.n_rows) < share for share in (0.9, 0.5, 0.7)]
    return [Member(row_weight={first.name: own.astype(float)}, **settings) for own in shares]


@pytest.mark.parametrize(
    "tasks", [pytest.param(None, marks=SLOW), {"task1": 1.0}], ids=["both", "the second"]
)
def test_members_read_their_own_rows_of_sources_of_which_others_have_more(tasks):
    members = folds(tasks=tasks)
    assert stacks_and_reasons(TRAINER, SMALL, members, TABLES) == ([3], [])
    assert_as_apart(TRAINER, SMALL, members, TABLES, TABLES)


@pytest.mark.parametrize(
    "architecture", [SMALL, pytest.param(NORMED, marks=SLOW)], ids=["plain", "batch norm"]
)
def test_what_reads_a_source_takes_no_step_where_a_batch_has_no_row_of_it(architecture):
    rare = TABLES.take({"task0": np.arange(3), "task1": np.arange(60)})
    members = [Member(), Member(seed=1)]
    assert stacks_and_reasons(SGD, architecture, members, rare) == ([2], [])
    assert_as_apart(replace(SGD, batch_size=8), architecture, members, rare, TABLES)


@pytest.mark.parametrize(
    "architecture", [NOISY, pytest.param(NORMED, marks=SLOW)], ids=["dropout", "batch norm"]
)
def test_noise_and_statistics_do_not_depend_on_members_that_diverge(architecture):
    assert_as_apart(SGD, architecture, DIVERGING, DATA, DATA)


@SLOW
def test_gradients_of_earlier_batches_are_kept_where_a_member_diverges():
    trainer = replace(SGD, accumulate=2, weighting="uncertainty_weighting")
    assert_as_apart(trainer, SMALL, DIVERGING, DATA, DATA)


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.parametrize("optimizer", ["sgd", pytest.param("adafactor", marks=SLOW)])
def test_equal_members_resume_each_once(optimizer, tmp_path, monkeypatch):
    trainer, members = replace(TRAINER, optimizer=optimizer), [Member(), Member(), Member(seed=1)]
    whole = trainer.fit_many(SMALL, members, DATA, DATA)
    saved = _population.save_stack

    def killed(*arguments):
        saved(*arguments)
        raise KilledError

    monkeypatch.setattr(_population, "save_stack", killed)
    with pytest.raises(KilledError):
        trainer.fit_many(SMALL, members, DATA, DATA, checkpoint=tmp_path, checkpoint_seconds=0.0)
    monkeypatch.undo()
    done = []
    resumed = trainer.fit_many(
        SMALL, members, DATA, DATA, checkpoint=tmp_path, on_done=lambda k, _: done.append(k)
    )
    assert sorted(done) == [0, 1, 2]
    for one, two in zip(whole, resumed, strict=True):
        assert_equal_runs(one, two, rtol=1e-7)


def test_weights_in_whole_numbers_are_the_same_in_a_checkpoint(tmp_path):
    for weight in (1, 1.0):
        TRAINER.fit_many(SMALL, [Member({"passed": weight})], DATA, checkpoint=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
