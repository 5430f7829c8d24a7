"""What the trainer serves to balancing methods, and that both slots compose."""

import inspect
import json
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import polars as pl
import pytest
import torch
from torch.func import functional_call
from training_tables import mixed_table, own_rows_table, regression_table

from polytask import aggregation
from polytask.aggregation import MGDA, Aggregator
from polytask.architectures import HardSharing
from polytask.data import BlockTargets, MultiTaskDataset, SourceBatch, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import Need
from polytask.tasks import Task
from polytask.training import Trainer, _balancing, to_tensors
from polytask.training._device import make_fabric
from polytask.training._held_out import hold_out
from polytask.training._training_run import TrainingRun
from polytask.training._weighting_needs import compute_weights
from polytask.weighting import FAMO, AutoLambda, AutoScale, UncertaintyWeighting, Weighting

SMALL = HardSharing(MLP((8,)))
NOISY = HardSharing(MLP((8,), dropout=0.3, normalization="batch"))


@dataclass
class Recorder(Weighting):
    """Equal weights that keep what they are told."""

    asks: tuple[str, ...] = ()
    held_out: float = 0.2
    told: list = field(default_factory=list)

    @property
    def needs(self):
        return frozenset(self.asks)

    def scalarize(self, losses, present):
        return (losses * present).sum()

    def learn(self, losses, present):
        self.told.append(("learn", losses, present))

    def before_step(self, gramian, present):
        self.told.append(("gramian", gramian, present))

    def after_product(self, slopes, losses, present):
        self.told.append(("product", slopes, losses))

    def after_validation(self, slopes, present):
        self.told.append(("validation", slopes, present))

    def after_step(self, losses, present):
        self.told.append(("after", losses, present))

    def end_epoch(self, mean_losses):
        self.told.append(("epoch", mean_losses))


def run_of(trainer, architecture=SMALL, data=None, seed=1):
    """A run that has not begun."""
    data = mixed_table(60) if data is None else data
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return TrainingRun(
        trainer,
        make_fabric(trainer.accelerator, trainer.precision),
        network,
        data.tasks,
        rows,
        None,
        seed,
    )


def gradient(loss, parameters):
    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    flat = [
        torch.zeros(p.numel()) if g is None else g.flatten()
        for p, g in zip(parameters, found, strict=True)
    ]
    return torch.cat(flat)


def served(run, position=0, step=0):
    losses, present, *_ = run._losses(run.batches.batch(position))
    weights = compute_weights(
        run.balancing.weighting,
        losses,
        present,
        run.balancing.shared,
        run.balancing.trial,
        0.1,
        step,
    )
    return losses, present, weights


def test_the_gramian_is_that_of_the_losses_on_shared_parameters():
    run = run_of(Trainer(weighting=Recorder(("gramian",)), batch_size=16))
    run.selection.active[1] = False  # as if that task had been stopped
    losses, present, *_ = served(run)
    ((what, gramian, told),) = run.balancing.weighting.told
    assert what == "gramian"
    assert torch.equal(told, present)
    assert present.tolist() == [True, False, True]
    jacobian = torch.stack([gradient(loss, run.balancing.shared) for loss in losses])
    torch.testing.assert_close(gramian, jacobian @ jacobian.T)
    assert not gramian[1].any()


def test_the_product_is_the_slope_along_the_weighted_sum():
    run = run_of(Trainer(weighting=Recorder(("product",)), batch_size=16))
    losses, _, weights = served(run)
    ((_, slopes, told),) = run.balancing.weighting.told
    jacobian = torch.stack([gradient(loss, run.balancing.shared) for loss in losses])
    torch.testing.assert_close(slopes, jacobian @ (weights @ jacobian))
    assert torch.equal(told, losses.detach())


@pytest.mark.parametrize("architecture", [SMALL, NOISY])
def test_the_trial_step_differentiates_the_held_out_loss_by_the_weights(architecture):
    """The reference differentiates through the step."""
    run = run_of(Trainer(weighting=Recorder(("validation",)), batch_size=16), architecture)
    state = torch.get_rng_state()
    losses, *_ = run._losses(run.batches.batch(0))
    weights = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
    before = {name: tensor.clone() for name, tensor in run.network.state_dict().items()}
    noise = torch.get_rng_state()
    slopes = run.balancing.trial.slopes(losses, weights.detach(), 0.1, 3)
    assert torch.equal(noise, torch.get_rng_state())
    after = run.network.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())

    torch.set_rng_state(state)
    again, *_ = run._losses(run.batches.batch(0))
    named = dict(run.network.named_parameters())
    gradients = torch.autograd.grad((weights * again).sum(), named.values(), create_graph=True)
    moved = {name: p - 0.1 * g for (name, p), g in zip(named.items(), gradients, strict=True)}
    buffers = {name: buffer.clone() for name, buffer in run.network.named_buffers()}
    batch = run.balancing.trial.loss.batches.batch(3)
    raw = functional_call(run.network, {**moved, **buffers}, (batch,))
    sums, _ = run.loss.sums(raw, batch)
    held_out = (sums / run.balancing.trial.loss.batches.expected(run.loss)).sum()
    (wanted,) = torch.autograd.grad(held_out, weights)
    torch.testing.assert_close(-0.1 * slopes, wanted, rtol=1e-3, atol=1e-5)


def test_auxiliary_tasks_do_not_count_in_the_held_out_loss():
    frame = pl.DataFrame({"x": np.arange(40.0), "a": np.arange(40.0), "b": np.arange(40.0)})
    tasks = [Task("a", "regression"), Task("b", "regression", role="auxiliary", weight=3.0)]
    data = MultiTaskDataset.from_table(frame, tasks)
    run = run_of(Trainer(weighting="auto_lambda"), data=data)
    assert run.balancing.trial.loss.importance.tolist() == [1.0, 0.0]


def numbered(n_rows=50):
    """A table whose rows can be told apart, with row weights."""
    numbers = np.arange(float(n_rows))
    frame = pl.DataFrame({"x": numbers, "y": 2 * numbers, "w": 1 + numbers})
    return MultiTaskDataset.from_table(frame, [Task("y", "regression")], weight="w")


def encoded(data):
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)
    return to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def test_rows_held_out_are_never_trained_on():
    rows = encoded(numbered())
    (whole,) = rows.values()
    kept, held = hold_out(rows, 0.2, seed=3)
    (kept,), (held,) = kept.values(), held.values()
    numbers = [source.inputs["numeric"][:, 0].tolist() for source in (kept, held, whole)]
    assert sorted(numbers[0] + numbers[1]) == sorted(numbers[2])
    assert len(numbers[1]) == held.n_rows == 10
    weight_of = dict(
        zip(numbers[2], next(iter(whole.targets.values())).weight.flatten().tolist(), strict=True)
    )
    weights = next(iter(held.targets.values())).weight.flatten().tolist()
    assert [weight_of[number] for number in numbers[1]] == weights
    again = hold_out(rows, 0.2, seed=3)[1]
    other = hold_out(rows, 0.2, seed=4)[1]
    (again,), (other,) = again.values(), other.values()
    assert torch.equal(again.inputs["numeric"], held.inputs["numeric"])
    assert not torch.equal(other.inputs["numeric"], held.inputs["numeric"])


def test_a_run_trains_on_the_other_rows_only():
    data = numbered()
    run = run_of(Trainer(weighting=AutoLambda(held_out=0.2), batch_size=10), data=data)
    trained = {
        x
        for step in range(2 * run.batches.steps_per_epoch)
        for x in run.batches.batch(step)[data.sources[0].name].inputs["numeric"][:, 0].tolist()
    }
    held = {
        x
        for step in range(8)
        for x in run.balancing.trial.loss.batches.batch(step)[data.sources[0].name]
        .inputs["numeric"][:, 0]
        .tolist()
    }
    assert len(trained) == 40
    assert len(held) == 10
    assert not trained & held


def test_every_task_with_rows_of_its_own_keeps_some_on_both_sides():
    rows = encoded(own_rows_table(n_tasks=6, n_rows=80))
    sides = hold_out(rows, 0.1, seed=0)
    for source, side in ((next(iter(s.values())), s) for s in sides):
        whole = next(iter(rows.values()))
        assert set(source.task.tolist()) == set(whole.task.tolist()), side


def test_tasks_of_several_blocks_each_keep_some_on_both_sides():
    tasks = torch.arange(6).repeat_interleave(4)  # three in each of two blocks, four rows each
    blocks = {
        name: BlockTargets(torch.zeros(24, 1), (tasks // 3 == block)[:, None])
        for block, name in enumerate(("first", "second"))
    }
    rows = {"all": SourceBatch({"numeric": torch.zeros(24, 1)}, tasks, blocks)}
    for side in hold_out(rows, 0.1, seed=0):
        assert side["all"].task.unique().tolist() == list(range(6))


def test_one_row_cannot_be_held_out():
    with pytest.raises(ParameterError, match="needs at least 2 rows per source"):
        hold_out(encoded(numbered(1)), 0.1, seed=0)


def test_every_hook_is_called_once_a_step_or_look():
    everything = (
        "gramian", "product", "validation", "losses_after_step", "epoch_losses", "losses",
    )  # fmt: skip
    run = run_of(
        Trainer(
            weighting=Recorder(everything), steps=4, batch_size=16, accumulate=2, evaluate_every=2
        )
    )
    run.run(progress=False)
    names = [what for what, *_ in run.balancing.weighting.told]
    step = ["gramian", "validation", "product", "learn", "after"]
    assert names == [*step, *step, "epoch", *step, *step, "epoch"]
    fallen = [told for what, told, *_ in run.balancing.weighting.told if what in {"learn", "after"}]
    assert not torch.equal(fallen[0], fallen[1])


def test_weightings_are_told_of_losses_that_carry_the_tasks_own_weights():
    frame = pl.DataFrame({"x": np.arange(40.0), "a": np.arange(40.0), "b": np.arange(40.0)})
    tasks = [Task("a", "regression"), Task("b", "regression", weight=3.0)]
    data = MultiTaskDataset.from_table(frame, tasks)
    weighting = Recorder(("product", "losses_after_step"))
    run = run_of(Trainer(weighting=weighting, steps=1, learning_rate=1e-9), data=data)
    wanted = run._losses(run.batches.batch(0)).losses.detach() * torch.tensor([1.0, 3.0])
    run.run(progress=False)
    (_, _, before), (_, learned, _), (_, after, _) = run.balancing.weighting.told
    for told in (before, learned, after):
        torch.testing.assert_close(told, wanted)


def test_what_is_not_served_is_named_with_a_remedy():
    trainer = Trainer(weighting=Recorder(("jacobian", "telepathy")), steps=1)
    with pytest.raises(UnservedNeedError, match=r"Recorder needs jacobian, telepathy.*Choose one"):
        trainer.fit(SMALL, mixed_table(40))


@pytest.mark.parametrize("weighting", [FAMO(exact=True), AutoScale()])
def test_without_shared_parameters_there_is_nothing_to_compare(weighting):
    with pytest.raises(ParameterError, match=r"this network has none. Choose an architecture"):
        Trainer(weighting=weighting, steps=1).fit(SMALL, regression_table(1, 40))


BALANCED = {
    "famo": FAMO(learning_rate=0.1),
    "famo to first order": FAMO(learning_rate=0.1, exact=True),
    "go4align": "go4align",
    "auto lambda": AutoLambda(learning_rate=0.01),
    "ldc": "ldcmtl",
    "auto scale": AutoScale(n_windows=3, window=4),
    "condition": AutoScale("condition_number", n_windows=3, window=4),
}


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.parametrize(
    "options",
    [
        {"weighting": BALANCED["famo"]},
        {"weighting": BALANCED["famo to first order"]},
        {"weighting": BALANCED["auto lambda"], "aggregation": "modo"},  # a second batch too
        {"weighting": BALANCED["auto scale"]},
    ],
    ids=lambda options: str(options["weighting"]).split("(")[0],
)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(options, tmp_path):
    train, validation = mixed_table(90, seed=0), mixed_table(60, seed=1)
    trainer = Trainer(**options, steps=20, batch_size=16, evaluate_every=5, patience=None)
    whole = trainer.fit(NOISY, train, validation, seed=2)

    def kill(record):
        if record.epoch > 2:
            raise KilledError

    arguments = {"seed": 2, "checkpoint": tmp_path / "state", "checkpoint_seconds": 0.0}
    with pytest.raises(KilledError):
        trainer.fit(NOISY, train, validation, on_epoch=kill, **arguments)
    resumed = trainer.fit(NOISY, train, validation, **arguments)
    for key, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[key]), key
    weights = [
        json.dumps([epoch.weights for epoch in trained.history.epochs])
        for trained in (whole, resumed)
    ]
    assert weights[0] == weights[1]


def aggregators():
    """Those that can be made without arguments."""
    found = [getattr(aggregation, name) for name in aggregation.__all__]
    classes = [cls for cls in found if inspect.isclass(cls) and issubclass(cls, Aggregator)]
    return [cls for cls in classes if not inspect.isabstract(cls) and not needs_arguments(cls)]


def needs_arguments(cls):
    parameters = inspect.signature(cls).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)


@pytest.mark.parametrize("weighting", [AutoLambda(), UncertaintyWeighting()])
@pytest.mark.parametrize("aggregator", aggregators(), ids=lambda cls: cls.__name__)
def test_a_weighting_and_an_aggregator_compose(weighting, aggregator):
    trainer = Trainer(weighting=weighting, aggregation=aggregator(), steps=3, batch_size=16)
    trained = trainer.fit(SMALL, mixed_table(40))
    assert all(torch.isfinite(p).all() for p in trained.network.parameters())
    assert trained.history.n_steps == 3


@dataclass
class Twice(MGDA):
    """An aggregator that wants a second batch."""

    needs = frozenset({Need.PRODUCT, Need.PRESENT, Need.SECOND_BATCH})


@pytest.mark.parametrize("accumulate", [1, 2])
def test_what_is_added_after_balancing_is_so_with_and_without_an_aggregator(accumulate):
    fits = [
        Trainer(
            aggregation=method,
            optimizer="sgd",
            learning_rate=0.1,
            l1=0.5,
            clip_norm=0.3,
            accumulate=accumulate,
            steps=3,
            batch_size=16,
        ).fit(SMALL, mixed_table(40), seed=1)
        for method in (None, "sum")
    ]
    plain, summed = (fit.network.state_dict() for fit in fits)
    torch.testing.assert_close(summed, plain)


def test_a_second_batch_has_an_order_of_its_own_and_the_same_weights(monkeypatch):
    caught = []

    def backward(losses, shared, aggregator, **options):
        caught.append((losses.detach(), options["second"]))
        losses.sum().backward()
        return torch.ones(len(losses))

    monkeypatch.setattr(_balancing, "backward", backward)
    weighting = Recorder()
    weighting.weights = lambda losses, present: torch.full((3,), 5.0)
    trainer = Trainer(
        weighting=weighting, aggregation=Twice(), steps=2, batch_size=16, accumulate=2
    )
    run = run_of(trainer)
    second, first = (b.sampler.rows(0)["table"] for b in (run.balancing.second, run.batches))
    assert not torch.equal(second, first)
    plain, *_ = run._losses(run.batches.batch(0))
    wanted, *_ = run._losses(run.balancing.second.batch(0))
    run.run(progress=False)
    assert len(caught) == 4
    losses, second = caught[0]
    torch.testing.assert_close(second.detach() * plain.detach(), losses * wanted.detach())
    assert second.requires_grad
    assert not torch.equal(losses, second.detach())


def test_runs_without_the_need_draw_no_second_batch():
    assert run_of(Trainer(aggregation="mgda")).balancing.second is None
    assert run_of(Trainer()).balancing.trial is None


def test_a_network_learns_under_every_weighting_that_asks_for_more():
    data = regression_table(3, 120)
    fit = partial(Trainer, optimizer="adam", learning_rate=0.02, steps=60, batch_size=40)
    for weighting in BALANCED.values():
        history = (
            fit(weighting=weighting, evaluate_every=20, patience=None)
            .fit(SMALL, data, data)
            .history
        )
        first, last = history.epochs[0].validation_losses, history.epochs[-1].validation_losses
        assert sum(last.values()) < 0.7 * sum(first.values()), weighting
