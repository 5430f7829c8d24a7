"""Several processes with parts of each batch train the network that one trains on the whole."""

from functools import partial, reduce

import numpy as np
import polars as pl
import pytest
import torch
from fakes_processes import ThreadProcesses, together
from torch import multiprocessing
from training_processes import SMALL, agree, run_of, trained, work
from training_tables import mixed_table, own_rows_table

from polytask.aggregation import MGDA, SDMGrad
from polytask.architectures import COSMOS, HardSharing, SingleTask
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import (
    NonFiniteLossError,
    ParameterError,
    PolytaskError,
    UnservedNeedError,
)
from polytask.tasks import Task
from polytask.training import Trainer
from polytask.training._process_checks import check_same_step, check_same_training
from polytask.training._run_state import resume_run, save_run

OPTIONS = {
    "plain": {},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1, "accumulate": 2, "clip_norm": 0.1},
    "observed": {"observers": ("gradient_conflict",), "aggregation": "mean"},
    "plateau": {"scheduler": "reduce_lr_on_plateau", "scheduler_options": {"patience": 0}},
    "gramian": {"aggregation": "mgda", "weighting": "uncertainty_weighting"},
    "gramian, accumulated": {"aggregation": "mgda", "accumulate": 2, "l1": 1e-3},
    "jacobian": {"aggregation": "grad_drop"},
    "product": {"aggregation": MGDA(amortised=True)},
    "second batch": {"aggregation": SDMGrad(amortised=True, double_sampling=True)},
    "losses after the step": {"weighting": "famo"},
    "epochs' losses": {"weighting": "dynamic_weight_average"},
    "random weights": {"weighting": "random_loss_weighting"},
}


def settings(**options):
    return Trainer(**{"steps": 6, "batch_size": 16, "evaluate_every": 3, **options})


def agrees(trainer, data, validation, size, **options):
    alone = trained(trainer, data, validation, **options)
    for result in together(size, partial(trained, trainer, data, validation, **options)):
        agree(result, alone)
    return alone


@pytest.mark.parametrize("name", OPTIONS)
def test_two_processes_train_as_one_does(name):
    agrees(settings(**OPTIONS[name]), mixed_table(70), mixed_table(41, seed=1), 2)


@pytest.mark.parametrize("name", ["plain", "gramian, accumulated"])
def test_processes_train_at_the_same_preferences(name):
    network, trainer = COSMOS(MLP((8,)), cosine=0.5), settings(**OPTIONS[name])
    agrees(trainer, mixed_table(70), mixed_table(41, seed=1), 2, architecture=network)


def test_without_validation_rows():
    agrees(settings(), mixed_table(70), None, 2)


@pytest.mark.parametrize("name", ["plain", "gramian", "second batch"])
def test_processes_without_a_row_of_the_batch_take_part(name):
    agrees(settings(batch_size=2, **OPTIONS[name]), mixed_table(40), mixed_table(2, seed=1), 3)


@pytest.mark.parametrize(("batch_size", "size"), [(16, 2), (2, 3)])
def test_tasks_with_rows_of_their_own(batch_size, size):
    trainer = settings(batch_size=batch_size, **OPTIONS["gramian"])
    agrees(trainer, own_rows_table(n_rows=60), own_rows_table(n_rows=40, seed=1), size)


def test_tasks_with_tables_of_their_own_and_processes_without_a_row():
    data, validation = two_sources(30, 10, seed=0), two_sources(9, 4, seed=1)
    agrees(settings(batch_size=2, **OPTIONS["gramian"]), data, validation, 3)


@pytest.mark.parametrize(
    ("name", "sampler"),
    [("gramian", None), ("gramian", "round_robin"), ("plain", "round_robin"), ("plain", "dynamic")],
)
def test_sources_with_samplers(name, sampler):
    data, validation = two_sources(60, 20, seed=0), two_sources(25, 9, seed=1)
    agrees(settings(sampler=sampler, **OPTIONS[name]), data, validation, 2)


def two_sources(*sizes, seed):
    """A regression task each, on three and on two numbers."""
    draw = np.random.default_rng(seed)
    frames = {}
    for name, n_rows, width in zip("ab", sizes, (3, 2), strict=True):
        inputs = draw.normal(size=(n_rows, width))
        columns = {f"{name}{j}": inputs[:, j] for j in range(width)}
        frames[name] = pl.DataFrame({**columns, f"y_{name}": inputs.sum(axis=1)})
    tasks = [Task("y_a", "regression"), Task("y_b", "regression")]
    return MultiTaskDataset.from_sources(frames, tasks)


@pytest.mark.parametrize("options", [{"patience": 1}, {"task_patience": 1, "patience": None}])
def test_they_stop_together(options):
    trainer = settings(steps=400, learning_rate=0.1, evaluate_every=2, **options)
    _, history = agrees(trainer, mixed_table(30), mixed_table(15, seed=1), 2)
    assert history.n_steps < 400


def test_one_that_wants_to_stop_stops_all():
    class Impatient(ThreadProcesses):
        pass

    def train(processes):
        run = run_of(settings(patience=50), mixed_table(40), mixed_table(20, seed=1), processes)
        if processes.rank == 1:
            run.selection.patience = 0
        return run.run(progress=False)

    histories = together(2, train, Impatient)
    assert [history.n_steps for history in histories] == [0, 0]


def test_a_loss_that_is_not_finite_ends_all():
    """It shows in every process, though one alone has the row."""

    def train(processes):
        run = run_of(settings(batch_size=4), mixed_table(8), None, processes)
        forward = run._losses.forward

        def infinite(batch):
            batch_losses = forward(batch)
            factor = torch.inf if processes.rank == 1 else 1.0
            return batch_losses._replace(losses=batch_losses.losses * factor)

        run._losses.forward = infinite
        try:
            run.run(progress=False)
        except NonFiniteLossError as error:
            return str(error)
        return "no error"

    sentences = together(2, train)
    assert sentences[0] == sentences[1]
    assert "is not finite in batch 1 of epoch 1" in sentences[0]


@pytest.mark.parametrize(
    "where", ["_losses.forward", "forward.evaluated_sums", "observing.observed"]
)
def test_an_error_in_one_process_ends_all(where):
    def failing(*arguments):
        raise KeyError("column")

    def broken(run):
        *path, name = where.split(".")
        setattr(reduce(getattr, path, run), name, failing)

    assert errors_of_two(broken) == ERRORS_OF_TWO


@pytest.mark.parametrize("what", ["on_epoch", "save"])
def test_an_error_in_what_a_process_does_after_an_evaluation_ends_all(what):
    def failing(value):
        raise KeyError("column")

    assert errors_of_two(lambda run: None, **{what: failing}) == ERRORS_OF_TWO


ERRORS_OF_TWO = ["Another process failed in its part of the work. See its error.", "'column'"]


def errors_of_two(broken, **functions):
    """The errors of two processes of which the second is broken or has functions that fail."""
    observers = ("gradient_conflict",)

    def train(processes):
        trainer = settings(batch_size=4, observers=observers)
        run = run_of(trainer, mixed_table(8), mixed_table(8, seed=1), processes)
        second = processes.rank == 1
        if second:
            broken(run)
        with pytest.raises((KeyError, PolytaskError)) as caught:
            run.run(progress=False, **(functions if second else {}))
        return str(caught.value)

    return together(2, train)


@pytest.mark.parametrize(("batch_size", "size"), [(3, 2), (4, 3)])
def test_no_process_normalises_over_a_single_row(batch_size, size):
    normalised = HardSharing(MLP((8,), normalization="batch"))
    trainer = settings(batch_size=batch_size)
    train = partial(trained, trainer, mixed_table(20), None, architecture=normalised)
    first, *others = together(size, train)
    for other in others:
        agree(first, other, rtol=0.0, atol=0.0)


def test_statistics_of_batch_norm_are_averaged():
    normalised = HardSharing(MLP((8,), normalization="batch"))
    rows = mixed_table(40), mixed_table(20, seed=1)
    train = partial(trained, settings(), *rows, architecture=normalised)
    first, second = together(2, train)
    assert any("running" in tensor for tensor in first[0])
    agree(first, second, rtol=0.0, atol=0.0)


def test_different_arguments_are_named():
    data, other = mixed_table(20), mixed_table(20, seed=1)
    networks = [SMALL.build(fit_schemas(data), data.tasks, seed) for seed in range(2)]
    given = {
        "settings": Trainer(),
        "network": networks[0],
        "rows": data,
        "held_out": 0.0,
        "seed": 0,
    }

    def check(processes, **others):
        chosen = given | others if processes.rank == 1 else given
        rows = {"training rows": chosen["rows"], "validation rows": None}
        device = torch.device("cpu")
        further = {name: chosen[name] for name in ("held_out", "seed")}
        settings, network = chosen["settings"], chosen["network"]
        check_same_training(processes, settings, network, rows, device, **further)

    together(2, check)
    for name, words in {
        "settings": (Trainer(learning_rate=0.1), "same settings. Those of process 1 differ"),
        "network": (networks[1], "same architecture, start or seed"),
        "seed": (1, "same architecture, start or seed"),
        "held_out": (0.1, "same `held_out`"),
        "rows": (other, "same training rows"),
    }.items():
        value, sentence = words
        with pytest.raises(ParameterError, match=sentence):
            together(2, partial(check, **{name: value}))


def test_different_checkpoints_are_refused():
    def check(processes, step):
        check_same_step(processes, step(processes.rank), torch.device("cpu"))

    together(2, partial(check, step=lambda rank: 3))
    with pytest.raises(ParameterError, match="must go on from the same `checkpoint`"):
        together(2, partial(check, step=lambda rank: 3 * rank))


@pytest.mark.usefixtures("unchecked_types")
def test_fit_takes_processes_only():
    with pytest.raises(
        ParameterError, match="`processes` parameter of Trainer must be an instance"
    ):
        settings().fit(SMALL, mixed_table(20), processes=2)


def test_a_checkpoint_is_resumed_by_all(tmp_path):
    path = tmp_path / "state"
    data, validation = mixed_table(70), mixed_table(41, seed=1)
    trainer = settings(aggregation="mgda")

    def interrupted(processes):
        run = run_of(trainer, data, validation, processes)
        first = processes.rank == 0

        def save(run):
            if first and run.step == 3:
                save_run(run, path, "same")

        run.run(progress=False, save=save)

    def resumed(processes):
        run = run_of(trainer, data, validation, processes)
        resume_run(run, path, "same")
        assert run.step == 3
        history = run.run(progress=False)
        return run.network.state_dict(), history

    together(2, interrupted)
    alone = trained(trainer, data, validation)
    for result in together(2, resumed):
        agree(result, alone)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"weighting": "auto_lambda"}, UnservedNeedError, "AutoLambda needs validation, which"),
        ({"weighting": "auto_scale"}, UnservedNeedError, "AutoScale needs gramian, which"),
        ({"aggregation": "mgda", "engine": "features"}, ParameterError, "Leave `engine` at 'auto'"),
    ],
)
def test_what_only_one_process_can_do(options, error, sentence):
    with pytest.raises(error, match=sentence):
        together(2, partial(trained, settings(**options), mixed_table(40), None))


def test_networks_of_single_tasks_are_for_one_process():
    alone = SingleTask(SMALL.encoder)
    with pytest.raises(ParameterError, match="Networks of single tasks are trained by one process"):
        together(2, partial(trained, settings(), mixed_table(40), None, architecture=alone))


@pytest.mark.slow
def test_two_real_processes(tmp_path):
    multiprocessing.spawn(work, args=(tmp_path / "meeting",), nprocs=2)
