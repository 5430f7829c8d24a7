"""The recipe of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

import torch
from torch import Tensor

from polytask._torch_defaults import torch_defaults
from polytask._validation import InstanceOf, Interval, check
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, Schema
from polytask.exceptions import PolytaskError
from polytask.processes import OneProcess, Processes
from polytask.training._checkpoint import Checkpoint
from polytask.training._device import make_fabric
from polytask.training._fitting import build, run, run_identity, tensors, training_of
from polytask.training._freed_memory import keep_freed_memory
from polytask.training._held_out import hold_out
from polytask.training._member import Member
from polytask.training._member_data import check_members
from polytask.training._population import OnDone, Population
from polytask.training._process_checks import check_same_training
from polytask.training._saver import OnEpoch, Saver
from polytask.training._step_work import step_work
from polytask.training._threads import threads_for
from polytask.training._trained import Trained
from polytask.training._trainer_settings import TrainerSettings

__all__ = ["Trainer"]


@dataclass(frozen=True)
class Trainer(TrainerSettings):
    """Recipe of a training run: balancing, optimiser, batches, early stopping.

    Parameters
    ----------
    weighting : Weighting or str, optional
        Turns losses into weights; None leaves every task its own weight. A name in any spelling,
        or ``"module:Class"`` of your own.
    aggregation : Aggregator, callable or str, optional
        Turns task gradients into one update; None sums them, in one ordinary backward pass. With
        accumulation, every batch is aggregated by itself. A name as for `weighting`; TorchJD's
        aggregators and weightings may be given as they are.
    aggregate_every : int, default 1
        Batches between two computations of the aggregator's weights, which are kept in between.
    sampler : Sampler or str, optional
        Which rows of which sources make a batch; None reads all rows in a shuffled order. A name
        as for `weighting`, maybe with a number, such as ``"temperature:0.5"``. It changes how
        precisely the losses of each source are estimated, not how much they count.
    engine : str, default "auto"
        How task gradients are computed; see `polytask.gradients.backward`.
    optimizer : str or callable, default "adam"
        A name of `torch.optim` (``"sgd"``, ``"adagrad"``, ``"adamw"``, ``"rmsprop"``, …) or a
        factory ``(parameters, lr=, weight_decay=) -> Optimizer``.
    learning_rate : float, default 1e-3
    weight_decay : float, default 0.0
        L2 penalty of the optimiser (decoupled for AdamW).
    l1 : float, default 0.0
        Weight of the parameters' absolute sum, added after balancing.
    optimizer_options : mapping, default {}
        Further arguments of the optimiser, such as ``{"momentum": 0.9}``.
    scheduler : str or callable, optional
        ``"cosine_with_warmup"`` (`CosineWithWarmup`), a name of `torch.optim.lr_scheduler`
        (``"one_cycle_lr"``, …) or a factory ``(optimizer) -> scheduler``; stepped once per optimiser
        step, plateau schedules at every evaluation.
    scheduler_options : mapping, default {}
        Further arguments of the schedule, such as ``{"warmup": 0.1}``. Lengths that it takes are
        the planned number of steps unless given.
    batch_size : int or "auto", default "auto"
        Rows of a batch; for single-task networks, rows of each task's batch. "auto" is 256, doubled
        while an epoch has more than 200 batches (of a single task, the epoch of its labelled rows),
        and 1024 at most.
    accumulate : int, default 1
        Batches whose gradients are averaged into one optimiser step; a weighting learns from the
        last of them.
    clip_norm : float, optional
        Largest norm of the gradient; single-task networks are clipped one by one.
    steps : int, default 2000
        Optimiser steps.
    epochs : int, optional
        Passes over the training rows; stands in for `steps`.
    evaluate_every : int, optional
        Optimiser steps between evaluations of the validation rows; if None, once per epoch, but at
        least 10 steps apart (5 where batches hold all rows), later at least a twentieth of the steps
        taken so far, up to 25. Networks of single tasks count the epochs of their own rows.
    patience : int, optional, default 10
        Evaluations without a better validation score after which training ends; None never stops early.
    task_patience : int, optional
        Evaluations without a better loss after which a single task is left out of joint training.
    accelerator : str, default "cpu"
        As in Lightning Fabric: ``"cpu"``, ``"cuda"``, ``"auto"``, …; ``"cuda:1"`` is the second
        of several.
    precision : str, default "32-true"
        As in Lightning Fabric: ``"32-true"``, ``"bf16-mixed"``, …
    observers : sequence of Observer or str, default ()
        What is measured at every evaluation and kept in `EpochRecord.observed` of the history
        (`polytask.observers`); training stays the same to the last bit. Names as for `sampler`.
    augmentation : Augmentation, str or sequence of these, default ()
        Random changes of training rows, in their order (`polytask.augmentation`). Names as for
        `sampler`, several with commas: ``"flip,crop:4"``.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.datasets import load_digits_tasks
    >>> from polytask.training import Trainer
    >>> digits = load_digits_tasks()
    >>> trained = Trainer(steps=20, weighting="uncertainty_weighting").fit(HardSharing(), digits)
    >>> trained.history.n_steps
    20
    """

    @torch_defaults()
    def fit(
        self,
        architecture: Architecture,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None = None,
        *,
        seed: int = 0,
        schemas: Mapping[str, Schema] | None = None,
        start: Mapping[str, Tensor] | None = None,
        held_out: float = 0.0,
        checkpoint: Path | Checkpoint | None = None,
        checkpoint_seconds: float = 10.0,
        progress: bool | None = None,
        on_epoch: OnEpoch | None = None,
        processes: Processes | None = None,
    ) -> Trained:
        """Train an architecture; equal seeds give equal networks on one machine's CPU.

        Parameters
        ----------
        architecture : Architecture
        train : MultiTaskDataset
        validation : MultiTaskDataset, optional
            Decides when to stop and which state is kept; without it all steps are taken and
            the last state is kept.
        seed : int, default 0
        schemas : mapping of source name to Schema, optional
            Fitted before, in place of those of the training rows.
        start : mapping of str to tensor, optional
            State to fine-tune from, in place of parameters drawn by the seed: what
            ``trained.network.state_dict()`` gives of the same architecture and training rows.
        held_out : float, default 0.0
            Share of the training rows that are left out, drawn by the seed as for weightings that
            learn from such rows.
        checkpoint : Path, optional
            Written while training; if the file is there, training goes on from it and ends as
            if it had never been interrupted.
        checkpoint_seconds : float, default 10.0
            Least seconds between two writes.
        progress : bool, optional
            None shows a bar where stderr is a terminal.
        on_epoch : callable, optional
            Receives every `EpochRecord`.
        processes : Processes, optional
            Those that train the network together. Each calls `fit` with the same arguments, takes
            its part of every batch and of the validation rows, and ends with the same network.
            `batch_size` counts rows of all of them. Batch norm sees the part of one process; its
            running statistics are averaged at every evaluation. Observers see all rows in each.
            The process of rank 0 writes the checkpoint, which all must be able to read.

        Returns
        -------
        Trained

        Raises
        ------
        NonFiniteLossError
            If a task's loss is not finite; names the task and the batch.
        ParameterError
            If an argument is invalid, `start` does not fit the network or is not finite, or
            `processes` have different arguments.
        """
        keep_freed_memory()
        processes = OneProcess() if processes is None else processes
        check("Trainer", "seed", seed, Interval(int, 0, 2**63 - 1))
        check("Trainer", "processes", processes, InstanceOf((Processes,)))
        check("Trainer", "held_out", held_out, Interval(float, 0.0, 1.0, closed="left"))
        fabric = make_fabric(self.accelerator, self.precision)
        train = train.without_zero_weights()
        validation = None if validation is None else validation.without_zero_weights()
        fitted, network = build(architecture, train, seed, start, schemas)
        network = network.to(fabric.device)

        rows = {"training rows": train, "validation rows": validation}
        check_same_training(
            processes, self, network, rows, fabric.device, seed=seed, held_out=held_out
        )
        train_rows = tensors(train, fitted, network, fabric.device)
        if held_out:
            train_rows, _ = hold_out(train_rows, held_out, seed)
        validation_rows = None
        if validation is not None:
            validation_rows = tensors(validation, fitted, network, fabric.device)
        devices = [fabric.device] if fabric.device.type == "cuda" else []
        batch_size = self.rows_per_batch(sum(source.n_rows for source in train.sources))
        with torch.random.fork_rng(devices=devices), threads_for(*step_work(network, batch_size)):
            training = training_of(
                self,
                fabric,
                network,
                fitted,
                train_rows,
                validation_rows,
                seed,
                processes,
                batch_size,
                fine_tuned=start is not None,
            )
            save = None
            if checkpoint is not None:
                data = [train, validation]
                identity = run_identity(self, architecture, data, seed, schemas, start, held_out)
                save = Saver(checkpoint, identity, checkpoint_seconds)
            history = run(training, save, progress, on_epoch)
        return Trained(network, fitted, history)

    @overload
    def fit_many(
        self,
        architecture: Architecture,
        members: Sequence[Member],
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None = None,
        *,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 10.0,
        progress: bool | None = None,
        on_done: OnDone | None = None,
        return_errors: Literal[False] = False,
    ) -> list[Trained]: ...

    @overload
    def fit_many(
        self,
        architecture: Architecture,
        members: Sequence[Member],
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None = None,
        *,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 10.0,
        progress: bool | None = None,
        on_done: OnDone | None = None,
        return_errors: bool,
    ) -> list[Trained | PolytaskError]: ...

    @torch_defaults()
    def fit_many(
        self,
        architecture: Architecture,
        members: Sequence[Member],
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None = None,
        *,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 10.0,
        progress: bool | None = None,
        on_done: OnDone | None = None,
        return_errors: bool = False,
    ) -> list[Trained] | list[Trained | PolytaskError]:
        """Train the members of a population, each as `fit` would alone.

        A member is the run of `fit` on the data with its tasks only
        (`polytask.data.MultiTaskDataset.without_tasks`), their weights times its own, and on the rows
        that are labelled for one of them and whose weight is not 0; with its seed, learning rate,
        weight decay and dropout. Its network answers its tasks only.

        Columns are encoded by the schemas of all training rows whose `Member.row_weight` is not 0, so
        that members with equal masks share schemas.

        Members of one structure are trained side by side where that gives the same results; `stacking`
        tells where it does not. A member of which a batch has no row of one of its sources starts anew,
        by itself, after the others.

        Parameters
        ----------
        architecture : Architecture
        members : sequence of Member
        train : MultiTaskDataset
        validation : MultiTaskDataset, optional
            As for `fit`; each member is judged by the rows that are labelled for its tasks.
        checkpoint : Path, optional
            A folder. Members that have ended are read from it, wherever they stand among `members`.
            Those under way go on, as if they had never been interrupted, if `members` are the same;
            among others, they start anew.
        checkpoint_seconds : float, default 10.0
            Least seconds between two writes of what is under way.
        progress : bool, optional
            None shows a bar where stderr is a terminal.
        on_done : callable, optional
            Receives the position and the `Trained` of every member as soon as it ends.
        return_errors : bool, default False
            Whether a `PolytaskError` of a member, such as a loss that is not finite, takes its place
            in the list. By default the first is raised after the other members have ended.

        Returns
        -------
        list of Trained
            In the order of `members`.

        Raises
        ------
        NonFiniteLossError
            If a member's loss is not finite.
        ParameterError
            If an argument is invalid, naming the first member that does not fit the data.

        Examples
        --------
        The single-task networks and the joint one:

        >>> from polytask.architectures import HardSharing
        >>> from polytask.datasets import load_digits_tasks
        >>> from polytask.training import Member, Trainer
        >>> digits = load_digits_tasks()
        >>> members = [*(Member({name: 1.0}) for name in digits.tasks.names), Member()]
        >>> trained = Trainer(steps=5).fit_many(HardSharing(), members, digits)
        >>> [len(run.network.tasks) for run in trained]
        [1, 1, 1, 1, 1, 5]
        """
        check_members(members, train, architecture)
        population = Population(
            self, architecture, members, train, validation, checkpoint, checkpoint_seconds, on_done
        )
        results = population.run(progress)
        errors = [result for result in results if isinstance(result, PolytaskError)]
        if errors and not return_errors:
            raise errors[0]
        return results

    @torch_defaults()
    def stacking(
        self, architecture: Architecture, members: Sequence[Member], train: MultiTaskDataset
    ) -> str | None:
        """Why `fit_many` would train some members one after another, in words; None if it stacks all.

        Parameters
        ----------
        architecture : Architecture
        members : sequence of Member
        train : MultiTaskDataset
        """
        check_members(members, train, architecture)
        return Population(self, architecture, members, train, None, None, 0.0, None).reason()
