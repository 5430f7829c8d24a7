"""Networks of single tasks as members of a population."""

import weakref
from dataclasses import replace
from functools import partial
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from populations import assert_as_apart, assert_equal_runs, stacks_and_reasons
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.architectures import (
    CrossStitch,
    HardSharing,
    MMoE,
    Separate,
    SharedPrivate,
    SingleTask,
    Sluice,
    SoftSharing,
)
from polytask.architectures._task_copies import TaskCopies
from polytask.augmentation import Mixup
from polytask.encoders import LSTM, MLP, TabM
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.penalties import MeanDeviation
from polytask.tasks import Task
from polytask.testing import check_population, tiny_dataset
from polytask.training import Member, Trainer, _population, _stacking, _task_runs
from polytask.training._saver import Saver
from polytask.training._task_rounds import task_rounds

SMALL = SingleTask(MLP((8,)))
NOISY = MLP((8,), dropout=0.3)
DATA = mixed_table(n_rows=80)
TRAINER = Trainer(steps=20, batch_size=16, evaluate_every=5, learning_rate=0.02)
SLOW = pytest.mark.slow
TABLES = {
    "one table": tiny_dataset(("regression", "regression", "binary")),
    "own rows": tiny_dataset(("regression", "regression"), own_rows=True),
    "own tables": tiny_dataset(("binary", "binary"), own_tables=True),
}


@pytest.mark.parametrize(
    "table", ["one table", *(pytest.param(name, marks=SLOW) for name in ("own rows", "own tables"))]
)
@pytest.mark.parametrize(
    "recipe",
    [
        SingleTask(NOISY),
        pytest.param(Separate(MMoE(MLP((4,)), n_experts=2)), marks=SLOW),
        pytest.param(SingleTask(TabM(members=2, widths=(4,))), marks=SLOW),
        pytest.param(SingleTask(MLP((4,), normalization="batch")), marks=SLOW),
        pytest.param(Separate(CrossStitch(NOISY)), marks=SLOW),
    ],
    ids=["dropout", "experts", "ensemble", "batch norm", "cross stitch"],
)
def test_each_task_learns_what_it_learns_alone(recipe, table):
    check_population(recipe, [TABLES[table]])


def units(trainer, recipe, data, monkeypatch):
    """Numbers of tasks that are trained together."""
    found = []
    runs = _task_runs.TaskRuns.run

    def run(self, *arguments):
        found.extend(len(unit.tasks) for unit in self.units)
        return runs(self, *arguments)

    monkeypatch.setattr(_task_runs.TaskRuns, "run", run)
    trainer.fit(recipe, data, data)
    return sorted(found)


@pytest.mark.parametrize("table", ["own rows", "own tables"])
def test_tasks_of_several_tables_train_side_by_side(table, monkeypatch):
    assert units(TRAINER, SMALL, TABLES[table], monkeypatch) == [2]


@pytest.mark.parametrize(
    ("trainer", "encoder"),
    [
        (replace(TRAINER, augmentation=Mixup()), MLP((4,))),
        (replace(TRAINER, precision="bf16-mixed"), MLP((4,))),
        (TRAINER, LSTM(4)),
    ],
    ids=["augmentation", "precision", "recurrent"],
)
def test_what_cannot_be_stacked_trains_one_after_another(trainer, encoder, monkeypatch):
    numbers = regression_table(2, 40)
    series = np.random.default_rng(0).normal(size=(40, 3, 2)).tolist()
    table = {"series": series, "a": np.arange(40.0), "b": np.arange(40.0) % 7}
    roles = {"series": "sequence"}
    series_data = type(numbers).from_table(table, ["a:regression", "b:regression"], columns=roles)
    data = series_data if isinstance(encoder, LSTM) else numbers
    assert units(replace(trainer, steps=4), SingleTask(encoder), data, monkeypatch) == [1, 1]


def test_tasks_that_train_by_themselves_share_the_inputs_that_all_of_them_read(monkeypatch):
    inputs = []
    runs = _task_runs.TaskRuns.run

    def run(self, *arguments):
        rows = [unit.run.train["rows"] for unit in self.units]
        rows += [unit.run.validation.rows["rows"] for unit in self.units]
        inputs.extend(own.inputs["numeric"].data_ptr() for own in rows)
        return runs(self, *arguments)

    monkeypatch.setattr(_task_runs.TaskRuns, "run", run)
    data = regression_table(3, 40)
    replace(TRAINER, steps=1, augmentation=Mixup()).fit(SMALL, data, data)
    assert len(inputs) == 6
    assert len(set(inputs)) == 2


def adam(parameters, lr, weight_decay):
    return torch.optim.Adam(parameters, lr=lr, weight_decay=weight_decay)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adafactor"},
        {"optimizer": adam},
        {"scheduler": "reduce_lr_on_plateau", "scheduler_options": {"patience": 0}},
    ],
    ids=["numbers mixed", "own optimiser", "schedule by losses"],
)
def test_optimisers_and_schedules_of_one_network_each_do_not_mix_tasks(settings):
    trainer = replace(TRAINER, **settings)
    data, other = regression_table(3, 40), regression_table(3, 40, seed=3)
    together = trainer.fit(SMALL, data, other)
    for name in data.tasks.names:
        left_out = set(data.tasks.names) - {name}
        (source,) = together.schemas
        schema = together.schemas[source]
        alone = trainer.fit(
            SMALL,
            data.without_tasks(left_out),
            other.without_tasks(left_out),
            schemas={source: replace(schema, targets={name: schema.targets[name]})},
        )
        losses = [
            [epoch.validation_losses[name] for epoch in trained.history.epochs]
            for trained in (together, alone)
        ]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_tasks_are_clipped_weighted_and_stopped_one_by_one():
    tasks = [Task("y0", "regression", weight=5.0), Task("y1", "regression", role="auxiliary")]
    data = regression_table(2, 60).with_tasks({task.name: task for task in tasks})
    trainer = replace(
        TRAINER, clip_norm=0.1, patience=1, steps=200, scheduler="reduce_lr_on_plateau"
    )
    history = trainer.fit(SMALL, data, regression_table(2, 60, seed=3)).history
    last = {
        name: max(e.step for e in history.epochs if name in e.train_losses) for name in ("y0", "y1")
    }
    assert len(set(last.values())) == 2
    assert history.stopped == "every task was stopped"
    assert history.n_steps == max(last.values())
    assert all(
        history.epochs[best - 1].step == last[name] - 5
        for name, best in history.best_epochs.items()
    )


def test_a_loss_that_diverges_ends_the_training_with_the_tasks_name():
    with pytest.raises(NonFiniteLossError, match=r"loss of task '(passed|score|grade)'"):
        replace(TRAINER, learning_rate=1e30, optimizer="sgd").fit(SMALL, DATA)


@pytest.mark.parametrize(
    "recipe",
    [
        Sluice(MLP((4, 4)), orthogonality=1.0),
        pytest.param(SoftSharing(MLP((4,)), penalty=MeanDeviation(alpha=1.0)), marks=SLOW),
        pytest.param(SharedPrivate(MLP((4,))), marks=SLOW),  # whose penalty copies leave out
    ],
    ids=lambda recipe: type(recipe).__name__,
)
def test_fine_tuned_copies_with_penalties_train_side_by_side(recipe, monkeypatch):
    data = regression_table(2, 40)
    assert units(TRAINER, TaskCopies(recipe), data, monkeypatch) == [2]
    together = TRAINER.fit(TaskCopies(recipe), data, data)
    monkeypatch.setattr(_task_runs, "settings_refusal", lambda trainer: "one by one")
    assert units(TRAINER, TaskCopies(recipe), data, monkeypatch) == [1, 1]
    assert_equal_runs(together, TRAINER.fit(TaskCopies(recipe), data, data))


# ── rounds, since memory is bounded ──────────────────────────────────────────────────────────
ROUNDS = replace(TRAINER, patience=1, learning_rate=0.1)


@pytest.fixture
def in_rounds(monkeypatch):
    """Rounds of one network each; how many of their runs are in memory as each round begins."""
    alive, n_alive = weakref.WeakSet(), []
    units = _task_runs.TaskRuns._units

    def entered(self):
        own = units(self)
        alive.update(unit.run for unit in own)
        n_alive.append(len(alive))
        return own

    monkeypatch.setattr(_stacking, "_MOST_TASKS", 1)
    monkeypatch.setattr(_task_runs, "task_rounds", partial(task_rounds, most=1))
    monkeypatch.setattr(_task_runs.TaskRuns, "_units", entered)
    return n_alive


def records_of(trainer=ROUNDS, **options):
    """What the user's function receives, and the training."""
    seen, data = [], regression_table(3, 60)
    held = regression_table(3, 60, seed=3)
    trained = trainer.fit(SMALL, data, held, on_epoch=seen.append, **options)
    assert [r.seconds for r in trained.history.epochs] == [r.seconds for r in seen]
    assert list(seen[0].train_losses) == list(data.tasks.names)
    return trained


@pytest.mark.parametrize("changes", [{}, {"augmentation": Mixup()}], ids=["stacks", "one by one"])
def test_tasks_in_rounds_learn_what_they_learn_at_once(changes, request):
    trainer = replace(ROUNDS, **changes)
    whole = records_of(trainer)
    n_alive = request.getfixturevalue("in_rounds")
    assert_equal_runs(whole, records_of(trainer))
    assert n_alive == [1, 1, 1]


@pytest.mark.usefixtures("in_rounds")
def test_rounds_go_on_where_they_were(tmp_path, monkeypatch):
    whole, path = records_of(), tmp_path / "run.safetensors"
    save, saves = Saver.__call__, count()

    def killed(self, run):
        save(self, run)
        if len(run.histories) == 2 and next(saves) == 1:
            raise KilledError

    monkeypatch.setattr(Saver, "__call__", killed)
    with pytest.raises(KilledError):
        records_of(checkpoint=path, checkpoint_seconds=0.0)
    monkeypatch.setattr(Saver, "__call__", save)
    assert_equal_runs(whole, records_of(checkpoint=path), rtol=1e-9)


@pytest.mark.usefixtures("unchecked_types")
def test_rounds_hold_as_many_parameters_as_fit():
    plans = [SimpleNamespace(host=torch.nn.Linear(n, 1, bias=False)) for n in (3, 4, 5, 1, 9, 1)]
    rounds = task_rounds(plans, most=8)
    assert [[plan.host.in_features for plan in own] for own in rounds] == [[3, 4], [5, 1], [9], [1]]


# ── several of them as one population ────────────────────────────────────────────────────────
MEMBERS = [
    Member(seed=1),
    Member(seed=2, learning_rate=0.01),
    Member({"passed": 1.0, "score": 0.5}, seed=1),
    Member(seed=1, row_weight={"table": (np.arange(80) % 4 != 0).astype(float)}),
]


def test_tasks_of_several_networks_are_one_program():
    trainer = replace(TRAINER, patience=1)
    assert stacks_and_reasons(trainer, SMALL, MEMBERS[:2], DATA) == ([6], [])
    assert trainer.stacking(SMALL, MEMBERS, DATA) is None
    assert_as_apart(trainer, SMALL, MEMBERS, DATA, DATA)


def test_a_network_of_which_a_task_stands_alone_is_trained_by_itself():
    members = [MEMBERS[0], Member({"score": 1.0}, seed=3), Member({"score": 1.0}, seed=4)]
    stacks, reasons = stacks_and_reasons(TRAINER, Separate(HardSharing(MLP((4,)))), members, DATA)
    assert stacks == [2]
    assert len(reasons) == 2


@pytest.mark.parametrize("name", ["weighting", "aggregation", "sampler"])
def test_a_population_of_them_refuses_what_would_have_no_effect(name):
    method = {"weighting": "equal", "aggregation": "mean", "sampler": "proportional"}[name]
    with pytest.raises(ParameterError, match=rf"`{name}` .*Trainer.* None"):
        replace(TRAINER, **{name: method}).fit_many(SMALL, MEMBERS[:2], DATA)


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.parametrize("after", [1, pytest.param(2, marks=SLOW)])
def test_a_population_of_them_goes_on_where_it_was(after, tmp_path, monkeypatch):
    trainer = replace(TRAINER, patience=2)
    whole = trainer.fit_many(SMALL, MEMBERS[:2], DATA, DATA)
    saved, n_saves = _population.save_stack, 0

    def killed(*arguments):
        nonlocal n_saves
        saved(*arguments)
        n_saves += 1
        if n_saves == after:
            raise KilledError

    monkeypatch.setattr(_population, "save_stack", killed)
    with pytest.raises(KilledError):
        trainer.fit_many(
            SMALL, MEMBERS[:2], DATA, DATA, checkpoint=tmp_path, checkpoint_seconds=0.0
        )
    monkeypatch.undo()
    for _ in range(2):  # the second reads all of them
        done = []
        resumed = trainer.fit_many(
            SMALL,
            MEMBERS[:2],
            DATA,
            DATA,
            checkpoint=tmp_path,
            on_done=lambda k, _, done=done: done.append(k),
        )
        assert sorted(done) == [0, 1]
        for one, two in zip(whole, resumed, strict=True):
            assert_equal_runs(one, two, rtol=1e-7)


def test_one_of_them_diverges_by_itself():
    members = [Member(), Member(learning_rate=1e30), Member(seed=1)]
    trainer = replace(TRAINER, optimizer="sgd")
    results = trainer.fit_many(SMALL, members, DATA, DATA, return_errors=True)
    assert isinstance(results[1], NonFiniteLossError)
    for k in (0, 2):
        (alone,) = trainer.fit_many(SMALL, [members[k]], DATA, DATA)
        assert_equal_runs(results[k], alone)


def test_the_whole_network_states_the_tensors_of_each_task():
    from polytask.architectures._copy_task import give_task, take_task
    from polytask.data import fit_schemas

    data = own_rows_table(3, 40)
    for recipe in (SMALL, Separate(HardSharing(MLP((4,), normalization="batch")))):
        schemas = fit_schemas(data)
        one, other = (recipe.build(schemas, data.tasks, seed) for seed in (0, 1))
        for name in data.tasks.names:
            alone = one.of_task(name)
            take_task(other, name, alone)
            give_task(alone, name, one)
        for name, tensor in one.state_dict().items():
            assert torch.equal(tensor, other.state_dict()[name])
