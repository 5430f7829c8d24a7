"""What a training run begins with: schemas, the network, rows as tensors, the run of these."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch
from lightning_fabric import Fabric
from torch import Tensor

from polytask._recipes import to_json
from polytask.architectures import Architecture, MultiTaskModule
from polytask.architectures._limited_size import within_memory
from polytask.bookkeeping import History
from polytask.data import MultiTaskDataset, Schema, SourceBatch, encode, fit_schemas, schema_to_json
from polytask.exceptions import ParameterError
from polytask.processes import Processes
from polytask.training._absent_categories import clear_absent_categories
from polytask.training._checkpoint import state_digest
from polytask.training._process_checks import check_same_step
from polytask.training._saver import OnEpoch, Saver
from polytask.training._score_checks import check_network
from polytask.training._start import load_start
from polytask.training._task_runs import TaskRuns
from polytask.training._tensors import to_tensors
from polytask.training._trainer_settings import TrainerSettings
from polytask.training._training_run import TrainingRun

__all__ = ["build", "run", "run_identity", "tensors", "training_of"]


def tensors(
    data: MultiTaskDataset,
    schemas: Mapping[str, Schema],
    network: MultiTaskModule,
    device: torch.device,
) -> dict[str, SourceBatch]:
    """Encoded rows of every source as tensors."""
    return to_tensors(encode(data.sources, data.tasks, schemas, network.blocks), device)


def training_of(
    trainer: TrainerSettings,
    fabric: Fabric,
    network: MultiTaskModule,
    schemas: Mapping[str, Schema],
    train: dict[str, SourceBatch],
    validation: dict[str, SourceBatch] | None,
    seed: int,
    processes: Processes,
    batch_size: int,
    *,
    fine_tuned: bool,
) -> TrainingRun | TaskRuns:
    """The training of a network, or of those of its tasks; unknown categories begin at 0 unless fine-tuned."""
    if network.apart:
        if not fine_tuned:
            clear_absent_categories(network, train)
        return TaskRuns(
            trainer, fabric, network, schemas, train, validation, seed, processes, batch_size
        )
    training = TrainingRun(
        trainer, fabric, network, network.tasks, train, validation, seed, processes, batch_size
    )
    if not fine_tuned:
        clear_absent_categories(network, training.train)
    return training


def run(
    training: TrainingRun | TaskRuns,
    save: Saver | None,
    progress: bool | None,
    on_epoch: OnEpoch | None,
) -> History:
    """Run from the checkpoint, if there is one; the first process alone writes and shows progress."""
    if save is not None:
        save.resume(training)
        on_epoch = save.watched(on_epoch)
    check_same_step(training.processes, training.step, training.fabric.device)
    is_first = training.processes.rank == 0
    with nullcontext() if save is None else save.explained():
        return training.run(progress if is_first else False, on_epoch, save if is_first else None)


def build(
    architecture: Architecture,
    train: MultiTaskDataset,
    seed: int,
    start: Mapping[str, Tensor] | None,
    schemas: Mapping[str, Schema] | None = None,
) -> tuple[Mapping[str, Schema], MultiTaskModule]:
    """Schemas of the training rows unless given, and the network, with the state that it starts from."""
    refusal = architecture.refuses(train.tasks)
    if refusal is not None:
        raise ParameterError(refusal)
    if schemas is None:
        schemas = fit_schemas(train, architecture.bins, tokenizer=architecture.tokenizer)
    else:
        _check_schemas(schemas, train)
    with within_memory(architecture.name, len(train.tasks)):
        network = architecture.build(schemas, train.tasks, seed)
    check_network(architecture, network)
    if start is not None:
        load_start(architecture, network, start)
    return schemas, network


def run_identity(
    trainer: TrainerSettings,
    architecture: Architecture,
    data: Sequence[MultiTaskDataset | None],
    seed: int,
    schemas: Mapping[str, Schema] | None,
    start: Mapping[str, Tensor] | None,
    held_out: float,
) -> str:
    """Sha256 of a run's recipe, data and seed, by which a checkpoint knows it."""
    written = None
    if schemas is not None:
        written = {name: schema_to_json(schema) for name, schema in schemas.items()}
    parts = [
        to_json(trainer),
        to_json(architecture),
        *(None if rows is None else rows.digest() for rows in data),
        int(seed),
        None if start is None else state_digest(start),
        held_out,
        *([] if written is None else [written]),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _check_schemas(schemas: Mapping[str, Schema], train: MultiTaskDataset) -> None:
    """Refuse schemas of other sources or tasks than the training rows have."""
    expected = {source.name: set(source.tasks.names) for source in train.sources}
    given = {name: set(schema.targets) for name, schema in schemas.items()}
    if given != expected:
        sentence = (
            "The `schemas` parameter of Trainer.fit must hold a Schema with the targets of its tasks "
            f"for every source of the training rows: {_listed(expected)}. Got {_listed(given)} "
            "instead; fit them by polytask.data.fit_schemas."
        )
        raise ParameterError(sentence)


def _listed(tasks: Mapping[str, set[str]]) -> str:
    return "; ".join(f"{source!r} with {', '.join(sorted(own))}" for source, own in tasks.items())
