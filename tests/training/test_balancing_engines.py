"""Training with aggregators: every engine, every interval, killed and resumed."""

import json
from functools import cache

import pytest
import torch
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.aggregation import MGDA, GramianAggregator, NashMTL
from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.gradients._task_gradients import TaskGradients
from polytask.tasks import Task
from polytask.training import Trainer
from polytask.weighting import Static

SMALL = HardSharing(MLP((16, 8)))
NOISY = HardSharing(MLP((8,), dropout=0.3, normalization="batch"))
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "patience": None}


def fitted(data, architecture=SMALL, **options):
    """A trained network, its parameters, and the weights of every look."""
    settings = {**SGD, "steps": 12, "batch_size": 32, "evaluate_every": 1, **options}
    return Trainer(**settings).fit(architecture, data, seed=2)


def weights_of(trained):
    return torch.tensor([list(look.weights.values()) for look in trained.history.epochs])


def equal_to_rounding(one, other):
    for name, tensor in one.network.state_dict().items():
        wanted = other.network.state_dict()[name]
        torch.testing.assert_close(tensor, wanted, rtol=1e-4, atol=1e-5, msg=name)
    torch.testing.assert_close(weights_of(one), weights_of(other), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("aggregation", ["mgda", "up_grad", "gradvac"])
@pytest.mark.parametrize("engine", ["auto", "layerwise", "batched"])
@pytest.mark.parametrize(
    "data", [mixed_table(90), mixed_table(90, missing=0.97)], ids=["labelled", "tasks absent"]
)
def test_exact_engines_train_alike(data, engine, aggregation):
    alike = {"aggregation": aggregation, "batch_size": 8}
    equal_to_rounding(
        fitted(data, engine=engine, **alike), fitted(data, engine="per_task", **alike)
    )


def test_tasks_absent_from_a_batch_have_no_weight():
    data = mixed_table(90, missing=0.97)
    weights = weights_of(fitted(data, aggregation="up_grad", batch_size=8))
    there = weights[:, 0] > 0
    assert there.any()
    assert not there.all()
    assert (weights[~there, 1:] >= 0.5).all()  # a half each, and more where they conflict


@cache
def with_exact_gradients(aggregation):
    return fitted(regression_table(), aggregation=aggregation, steps=60, learning_rate=0.2)


@pytest.mark.parametrize("engine", ["last_layer", "features"])
@pytest.mark.parametrize("aggregation", ["mgda", "nash_mtl"])
def test_surrogates_learn_with_weights_of_their_own(engine, aggregation):
    options = {"aggregation": aggregation, "steps": 60, "learning_rate": 0.2}
    trained = fitted(regression_table(), engine=engine, **options)
    exact = with_exact_gradients(aggregation)
    losses = [sum(look.train_losses.values()) for look in trained.history.epochs]
    assert sum(losses[-7:]) < 0.5 * sum(losses[:7])
    assert not torch.allclose(weights_of(trained), weights_of(exact), atol=1e-3)


def passes(monkeypatch):
    """Names of the ways in which gradients were found."""
    used = []
    for name in ("by_rows", "by_tasks", "batched"):
        real = getattr(TaskGradients, name)

        def noted(*arguments, name=name, real=real):
            used.append(name)
            return real(*arguments)

        monkeypatch.setattr(TaskGradients, name, noted)
    return used


@pytest.mark.parametrize("aggregation", ["mgda", "up_grad"])
@pytest.mark.parametrize("batch_size", [8, 64])
def test_rows_of_one_task_each_take_one_pass(aggregation, batch_size, monkeypatch):
    data, used = own_rows_table(), passes(monkeypatch)
    alike = {"aggregation": aggregation, "batch_size": batch_size}
    one_pass = fitted(data, **alike)
    assert used == ["by_rows"] * 12
    monkeypatch.undo()
    assert batch_size == 64 or (weights_of(one_pass) == 0).any()  # some tasks are absent
    equal_to_rounding(one_pass, fitted(data, engine="per_task", **alike))


def test_rows_that_batch_statistics_mix_take_one_pass_a_task(monkeypatch):
    data, used = own_rows_table(), passes(monkeypatch)
    architecture = HardSharing(MLP((16,), normalization="batch"))
    found = fitted(data, architecture, aggregation="mgda")
    assert used == ["by_tasks"] * 12
    monkeypatch.undo()
    equal_to_rounding(found, fitted(data, architecture, aggregation="mgda", engine="per_task"))


def test_weights_stay_between_their_makings():
    data = regression_table()
    weights = weights_of(fitted(data, aggregation="mgda", aggregate_every=3))
    runs = weights.view(4, 3, 3)
    assert torch.equal(runs, runs[:, :1].expand(4, 3, 3))
    assert len(torch.unique(runs[:, 0], dim=0)) == 4
    always = weights_of(fitted(data, aggregation="mgda"))
    assert torch.equal(weights[0], always[0])
    assert not torch.equal(weights[1], always[1])


class Equal(GramianAggregator):
    """Sums the gradients, and keeps the Gramians."""

    def __init__(self):
        self.seen = []

    def __deepcopy__(self, memo):  # a run works on a copy; this one shares what it keeps
        twin = Equal()
        twin.seen = self.seen
        return twin

    def weights(self, gramian):
        self.seen.append(gramian)
        return torch.ones_like(gramian[0])


def test_accumulated_batches_sum_to_one_larger_step():
    data, spy = regression_table(n_rows=120), Equal()
    whole = fitted(data, aggregation="sum", batch_size=120, steps=1)
    halves = fitted(data, aggregation=spy, batch_size=60, accumulate=2, steps=1)
    for name, tensor in whole.network.state_dict().items():
        torch.testing.assert_close(tensor, halves.network.state_dict()[name], rtol=1e-4, atol=1e-6)
    first, _ = spy.seen  # a half's own gradients, not halves of them
    alone = Equal()
    fitted(data, aggregation=alone, batch_size=60, steps=1)
    torch.testing.assert_close(first, alone.seen[0])


def table(weights):
    source = regression_table()
    tasks = [Task(f"y{k}", "regression", weight=weight) for k, weight in enumerate(weights)]
    frame = source.sources[0].inputs.hstack(source.sources[0].labels.frame)
    return MultiTaskDataset.from_table(frame, tasks)


@pytest.mark.parametrize("engine", ["auto", "per_task"])
def test_aggregators_see_losses_with_both_kinds_of_weights(engine):
    seen = []
    for tasks, weighting in (
        ((1.0, 1.0, 1.0), None),
        ((1.0, 2.0, 5.0), None),
        ((1.0, 2.0, 5.0), Static((3.0, 1.0, 0.5))),
    ):
        spy = Equal()
        fitted(table(tasks), aggregation=spy, weighting=weighting, engine=engine, steps=1)
        seen.append(spy.seen[0])
    plain, weighted, both = seen
    scale = torch.tensor([1.0, 2.0, 5.0])
    torch.testing.assert_close(weighted, plain * scale[:, None] * scale)
    scale = scale * torch.tensor([2.0, 2 / 3, 1 / 3])  # the weighting's, of mean 1
    torch.testing.assert_close(both, plain * scale[:, None] * scale)


def test_recorded_weights_are_the_product_of_both_slots():
    options = {"weighting": Static((3.0, 1.0, 0.5)), "steps": 1}
    both = fitted(regression_table(), aggregation=MGDA(), **options)
    (weights,) = weights_of(both) / torch.tensor([2.0, 2 / 3, 1 / 3])
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0))
    assert (weights >= 0).all()


@pytest.mark.parametrize("engine", ["auto", "batched", "per_task", "last_layer", "features"])
def test_half_precision_learns(engine):
    options = {"aggregation": "up_grad", "engine": engine, "precision": "bf16-mixed"}
    trained = fitted(regression_table(), steps=60, learning_rate=0.2, **options)
    losses = [sum(look.train_losses.values()) for look in trained.history.epochs]
    assert sum(losses[-7:]) < 0.5 * sum(losses[:7])
    assert all(p.dtype == torch.float32 for p in trained.network.parameters())


def test_half_precision_is_near_full_precision():
    half = fitted(regression_table(), aggregation="mgda", precision="bf16-mixed", steps=3)
    full = fitted(regression_table(), aggregation="mgda", steps=3)
    torch.testing.assert_close(weights_of(half), weights_of(full), rtol=0.05, atol=0.02)


# ── killed and resumed ───────────────────────────────────────────────────────────────────────

RESUMED = {
    "nash, amortised": {"aggregation": NashMTL(amortised=True)},
    "gradvac": {"aggregation": "gradvac"},
    "gradnorm": {"aggregation": "gradnorm"},
    "moco": {"aggregation": "moco"},
    "famo and an aggregator": {"weighting": "famo", "aggregation": "pcgrad"},
    "every third step": {"aggregation": "mgda", "aggregate_every": 3},
    "every third step, with state": {"aggregation": "gradvac", "aggregate_every": 3},
    "half precision": {"aggregation": "gradnorm", "precision": "bf16-mixed"},
    "accumulated": {"aggregation": "moco", "accumulate": 2},
}


class KilledError(Exception):
    """The process was told to end."""


@cache
def uninterrupted(recipe):
    """The trainer of a recipe, what it is given, and the run that nothing interrupts."""
    train, validation = mixed_table(90, seed=0, missing=0.9), mixed_table(60, seed=1)
    options = {"steps": 20, "batch_size": 16, "evaluate_every": 5, "patience": None}
    trainer = Trainer(**options, learning_rate=0.01, **RESUMED[recipe])
    given = NOISY, train, validation
    return trainer, given, trainer.fit(*given, seed=2)


BOTH = [recipe for recipe in RESUMED if recipe.startswith("every")]


@pytest.mark.parametrize(
    ("recipe", "killed_at"), [*((r, 1) for r in RESUMED), *((r, 2) for r in BOTH)]
)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(recipe, killed_at, tmp_path):
    trainer, given, whole = uninterrupted(recipe)

    def kill(record):
        if record.epoch > killed_at:  # 5 and 10 steps lie within an interval of three
            raise KilledError

    arguments = {"seed": 2, "checkpoint": tmp_path / "state", "checkpoint_seconds": 0.0}
    with pytest.raises(KilledError):
        trainer.fit(*given, on_epoch=kill, **arguments)
    resumed = trainer.fit(*given, **arguments)
    for key, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[key]), key
    looks = [
        json.dumps([(look.weights, look.train_losses) for look in trained.history.epochs])
        for trained in (whole, resumed)
    ]
    assert looks[0] == looks[1]
