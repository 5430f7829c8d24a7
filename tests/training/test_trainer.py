"""Training: what it promises about seeds, budgets, stopping, balancing and bad numbers."""

import numpy as np
import polars as pl
import pytest
import torch
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import NonFiniteLossError, ParameterError, UnknownNameError
from polytask.losses import MultiTaskLoss
from polytask.tasks import Task
from polytask.training import Trainer, score, to_tensors

SMALL = MLP((16,))


def states_equal(one, two):
    return all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(
    "architecture", [HardSharing(MLP((16,), dropout=0.2)), SingleTask(MLP((16,), dropout=0.2))]
)
def test_equal_seeds_give_equal_networks_and_leave_the_global_generator_alone(architecture):
    data = mixed_table()
    trainer = Trainer(steps=30, batch_size=32)
    before = torch.get_rng_state()
    one, two = (trainer.fit(architecture, data, data, seed=3) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert states_equal(one.network, two.network)
    assert not states_equal(one.network, trainer.fit(architecture, data, data, seed=4).network)


OPTIONS = [
    {"optimizer": "sgd", "learning_rate": 0.05, "optimizer_options": {"momentum": 0.9}},
    {"optimizer": torch.optim.Adam, "scheduler": "cosine_annealing_lr", "learning_rate": 1e-2},
    {"scheduler": "reduce_lr_on_plateau", "learning_rate": 1e-2},
    {"l1": 1e-4, "clip_norm": 0.5, "accumulate": 2, "learning_rate": 1e-2},
]
MORE_OPTIONS = [
    {"optimizer": "adagrad", "learning_rate": 0.05},
    {"optimizer": "adamw", "weight_decay": 0.01},
    {"optimizer": "rmsprop", "learning_rate": 1e-2},
    {"scheduler": "one_cycle_lr", "scheduler_options": {"max_lr": 0.01}},
]


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        *((HardSharing(SMALL), options) for options in (*OPTIONS, *MORE_OPTIONS)),
        *((SingleTask(SMALL), options) for options in OPTIONS),
        *(
            pytest.param(SingleTask(SMALL), options, marks=pytest.mark.slow)
            for options in MORE_OPTIONS
        ),
    ],
)
def test_every_optimiser_and_schedule_learns(architecture, options):
    data = regression_table()
    history = (
        Trainer(steps=150, batch_size=64, evaluate_every=30, patience=None, **options)
        .fit(architecture, data, data)
        .history
    )
    assert history.n_steps == 150
    first, last = history.epochs[0].validation_losses, history.epochs[-1].validation_losses
    assert sum(last.values()) < sum(first.values())


@pytest.mark.parametrize("architecture", [HardSharing(SMALL), SingleTask(SMALL)])
def test_accumulating_whole_batches_equals_one_larger_step(architecture):
    data = regression_table(n_rows=120)
    whole = Trainer(steps=1, batch_size=120, optimizer="sgd", learning_rate=0.1, patience=None)
    halves = Trainer(
        steps=1, batch_size=60, accumulate=2, optimizer="sgd", learning_rate=0.1, patience=None
    )
    one, two = whole.fit(architecture, data), halves.fit(architecture, data)
    for name, tensor in one.network.state_dict().items():
        torch.testing.assert_close(tensor, two.network.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_epochs_stand_in_for_steps():
    data = regression_table(n_rows=100)
    assert Trainer(epochs=3, batch_size=32).fit(HardSharing(SMALL), data).history.n_steps == 12


def test_the_kept_state_is_the_best_one():
    train, validation = mixed_table(60, seed=0), mixed_table(60, seed=1)
    trainer = Trainer(
        steps=400, batch_size=30, learning_rate=3e-2, evaluate_every=20, patience=None
    )
    trained = trainer.fit(HardSharing(MLP((64, 64))), train, validation)
    losses = [epoch.validation_losses for epoch in trained.history.epochs]
    gains = [np.mean([(losses[0][k] - now[k]) / losses[0][k] for k in now]) for now in losses]
    assert trained.history.best_epoch == int(np.argmax(gains)) + 1 < len(losses)
    rows = to_tensors(
        encode(validation.sources, validation.tasks, trained.schemas, trained.network.blocks)
    )
    sums, counts = MultiTaskLoss(trained.network.blocks, validation.tasks).sums(
        score(trained.network, rows), rows
    )
    kept = dict(zip(validation.tasks.names, (sums / counts).tolist(), strict=True))
    assert kept == pytest.approx(losses[trained.history.best_epoch - 1], rel=1e-5)


def test_auxiliary_tasks_do_not_choose():
    train = mixed_table(80, seed=0)
    frame = train.sources[0].inputs.hstack(train.sources[0].labels.frame)
    tasks = [Task("passed", "binary"), Task("score", "regression", role="auxiliary")]
    data = MultiTaskDataset.from_table(frame, tasks, drop=("grade",))
    trainer = Trainer(
        steps=400, batch_size=30, learning_rate=3e-2, evaluate_every=20, patience=None
    )
    history = trainer.fit(HardSharing(MLP((64, 64))), data, data).history
    assert history.best_epoch == history.best_epochs["passed"]


def test_patience_ends_training_early_and_says_so():
    train, validation = mixed_table(60, seed=0), mixed_table(60, seed=1)
    trainer = Trainer(steps=5000, batch_size=30, learning_rate=3e-2, patience=3)
    for architecture, words in (
        (HardSharing(SMALL), "no better validation score"),
        (SingleTask(SMALL), "every task was stopped"),
    ):
        history = trainer.fit(architecture, train, validation).history
        assert history.n_steps < 5000
        assert words in history.stopped


def test_a_stopped_task_stays_still_while_others_go_on():
    train, validation = mixed_table(60, seed=0), mixed_table(60, seed=1)
    trainer = Trainer(
        steps=600,
        batch_size=30,
        learning_rate=3e-2,
        evaluate_every=20,
        patience=None,
        task_patience=2,
        weight_decay=0.1,
    )
    trained = trainer.fit(HardSharing(SMALL), train, validation)
    stopped = [
        name for name in train.tasks.names if trained.history.epochs[-1].weights[name] == 0.0
    ]
    assert stopped
    assert trained.history.stopped


def test_networks_without_validation_take_all_steps_and_keep_the_last_state():
    history = Trainer(steps=40).fit(HardSharing(SMALL), regression_table()).history
    assert (history.n_steps, history.best_epoch) == (40, 0)


def test_task_weights_multiply_losses():
    draw = np.random.default_rng(0)
    inputs, targets = draw.normal(size=(50, 3)), draw.normal(size=(50, 2))
    trainer = Trainer(steps=1, batch_size=50, optimizer="sgd", learning_rate=1.0)

    def heads(weight):
        tasks = [Task("a", "regression", weight=weight), Task("b", "regression")]
        data = MultiTaskDataset.from_arrays(inputs, targets, tasks)
        network = trainer.fit(HardSharing(MLP(())), data).network
        return network.heads[0].weight.detach().clone()

    data = MultiTaskDataset.from_arrays(
        inputs, targets, [Task("a", "regression"), Task("b", "regression")]
    )
    initial = HardSharing(MLP(())).build(fit_schemas(data), data.tasks, 0).heads[0].weight.detach()
    once, thrice = heads(1.0) - initial, heads(3.0) - initial
    torch.testing.assert_close(thrice[0], 3 * once[0])
    torch.testing.assert_close(thrice[1], once[1])


@pytest.mark.parametrize(
    "options",
    [
        {"weighting": "uncertainty_weighting"},
        {"aggregation": "mgda"},
        {"weighting": "uncertainty_weighting", "aggregation": "mean"},
    ],
)
def test_both_balancing_slots_work_and_compose(options):
    data = mixed_table()
    trainer = Trainer(steps=100, batch_size=64, evaluate_every=20, learning_rate=1e-2, **options)
    history = trainer.fit(HardSharing(SMALL), data, data).history
    first, last = history.epochs[0].validation_losses, history.epochs[-1].validation_losses
    assert sum(last.values()) < sum(first.values())
    assert any(weight != 1.0 for weight in history.epochs[-1].weights.values())


def test_a_recipe_is_not_changed_by_its_runs():
    data = mixed_table()
    trainer = Trainer(steps=20, weighting="uncertainty_weighting")
    one, two = (trainer.fit(HardSharing(SMALL), data, seed=1) for _ in range(2))
    assert states_equal(one.network, two.network)
    assert not hasattr(trainer.weighting, "log_variance_")


def test_single_tasks_have_nothing_to_balance():
    with pytest.raises(ParameterError, match=r"share nothing .* Got MGDA instead. Leave it out"):
        Trainer(steps=5, aggregation="mgda").fit(SingleTask(SMALL), mixed_table())


@pytest.mark.parametrize("architecture", [HardSharing(SMALL), SingleTask(SMALL)])
def test_a_loss_that_is_not_finite_names_task_and_batch(architecture):
    data = regression_table()
    with pytest.raises(
        NonFiniteLossError, match=r"loss of task 'y\d' .* batch \d+ of epoch \d+ .*learning_rate"
    ):
        Trainer(steps=500, optimizer="sgd", learning_rate=1e20).fit(architecture, data)


def test_names_are_resolved_or_the_nearest_is_suggested():
    with pytest.raises(
        UnknownNameError, match=r"no weighting named 'uncertanty'.*uncertainty_weighting"
    ):
        Trainer(weighting="uncertanty")
    with pytest.raises(UnknownNameError, match=r"no optimizer named 'adamm'.*adam"):
        Trainer(optimizer="adamm")
    with pytest.raises(UnknownNameError, match=r"no scheduler named 'cosine_anealing_lr'.*cosine"):
        Trainer(scheduler="cosine_anealing_lr")
    with pytest.raises(ParameterError, match=r"`optimizer` parameter of Trainer"):
        Trainer(optimizer_options={"nonsense": 1}, steps=1).fit(
            HardSharing(SMALL), regression_table()
        )


@pytest.mark.parametrize("setting", [{"optimizer": "optimizer"}, {"scheduler": "lr_scheduler"}])
def test_base_classes_are_no_choices(setting):
    with pytest.raises(UnknownNameError, match=r"no (optimizer|scheduler) named"):
        Trainer(**setting)


def test_inputs_are_left_as_they_were():
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0] * 10, "y": [0.0, 1.0, 0.0, None] * 10})
    copy = frame.clone()
    Trainer(steps=5).fit(
        HardSharing(SMALL), MultiTaskDataset.from_table(frame, [Task("y", "regression")])
    )
    assert frame.equals(copy)


def test_own_rows_train_jointly():
    data = own_rows_table()
    history = Trainer(steps=300, learning_rate=1e-2).fit(HardSharing(SMALL), data, data).history
    assert max(history.epochs[history.best_epoch - 1].validation_losses.values()) < 0.2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"optimizer_options": {"betas": (2.0, 0.9)}},
            r"The `optimizer` parameter .* Invalid beta",
        ),
        ({"accelerator": "abacus"}, r"The `accelerator` parameter of Trainer .* Got 'abacus'"),
        ({"scheduler": "one_cycle_lr", "scheduler_options": {"max_lr": 1, "pct_start": 3}}, "pct"),
    ],
)
def test_what_torch_refuses_is_the_trainers_argument(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Trainer(**options).fit(HardSharing(), regression_table())


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_batch_norm_over_a_single_row_is_refused(architecture):
    recipe = architecture(MLP((8,), normalization="batch"))
    with pytest.raises(ParameterError, match=r"batch norm.*single row. Raise `batch_size` of"):
        Trainer(steps=2, batch_size=1).fit(recipe, regression_table())


def test_held_out_rows_are_too_few_for_batch_norm():
    recipe = HardSharing(MLP((8,), normalization="batch"))
    with pytest.raises(ParameterError, match=r"batch norm.*single row. Raise `batch_size` of"):
        Trainer(steps=2, weighting="auto_lambda").fit(recipe, regression_table(n_rows=8))
