"""Training in several processes, which are threads or real ones, held against one."""

import gc
import threading

import torch
from torch import distributed
from training_tables import mixed_table

from polytask.architectures import HardSharing
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.processes import GroupProcesses, OneProcess
from polytask.training import Trainer, to_tensors
from polytask.training._device import make_fabric
from polytask.training._task_runs import TaskRuns
from polytask.training._training_run import TrainingRun

SMALL = HardSharing(MLP((8,)))
ONE_AT_A_TIME = threading.Lock()


def run_of(trainer, data, validation, processes=None, architecture=SMALL):
    """A run that has not begun; threads draw from one generator, so they take turns."""
    with ONE_AT_A_TIME:
        schemas = fit_schemas(data)
        network = architecture.build(schemas, data.tasks, 0)

        def tensors(rows):
            return to_tensors(encode(rows.sources, rows.tasks, schemas, network.blocks))

        fabric = make_fabric(trainer.accelerator, trainer.precision)
        held_out = None if validation is None else tensors(validation)
        if network.apart:
            rows = tensors(data), held_out
            return TaskRuns(trainer, fabric, network, schemas, *rows, 0, processes)
        return TrainingRun(
            trainer, fabric, network, data.tasks, tensors(data), held_out, 0, processes
        )


def trained(trainer, data, validation, processes=None, architecture=SMALL):
    """The network's final state and the history."""
    run = run_of(trainer, data, validation, processes or OneProcess(), architecture)
    history = run.run(progress=False)
    return run.network.state_dict(), history


def agree(first, second, **tolerance):
    """Whether two trainings gave one network, up to rounding, and one history."""
    tolerance = tolerance or {"rtol": 1e-3, "atol": 1e-5}
    (state, history), (other_state, other_history) = first, second
    for name, tensor in state.items():
        torch.testing.assert_close(tensor, other_state[name], **tolerance, msg=name)
    assert history.stopped == other_history.stopped
    assert history.best_epochs == other_history.best_epochs
    assert len(history.epochs) == len(other_history.epochs)
    for record, other in zip(history.epochs, other_history.epochs, strict=True):
        assert record.observed.keys() == other.observed.keys()
        for kind in ("train_losses", "validation_losses", "weights"):
            mine, theirs = getattr(record, kind), getattr(other, kind)
            assert mine.keys() == theirs.keys()
            torch.testing.assert_close(
                torch.tensor(list(mine.values())), torch.tensor(list(theirs.values())), **tolerance
            )


def work(rank, path):
    """One of two real processes: it trains with the other, and then the whole batch alone."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    data, validation = mixed_table(100), mixed_table(61, seed=1)
    for options in ({}, {"aggregation": "mgda"}, {"weighting": "famo"}):
        trainer = Trainer(steps=30, batch_size=24, evaluate_every=10, **options)
        results = [
            trainer.fit(SMALL, data, validation, processes=processes)
            for processes in (GroupProcesses(), OneProcess())
        ]
        agree(*((result.network.state_dict(), result.history) for result in results))
    gc.collect()
    distributed.barrier()
    distributed.destroy_process_group()
