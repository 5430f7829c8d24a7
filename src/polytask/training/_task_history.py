"""One history of networks of single tasks that are evaluated after the same steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from polytask.bookkeeping import EpochRecord, History
from polytask.training._selection import ALL_STEPS, EVERY_TASK_STOPPED

__all__ = ["close_history", "joined_history", "joined_record", "joined_rounds"]


def joined_record(epoch: int, seconds: float, records: Mapping[str, EpochRecord]) -> EpochRecord:
    """The record of an evaluation of those tasks that were still trained; the highest learning rate."""
    train, validation, weights = (
        {task: value for one in records.values() for task, value in getattr(one, name).items()}
        for name in ("train_losses", "validation_losses", "weights")
    )
    step = next(iter(records.values())).step
    rate = max(one.learning_rate for one in records.values())
    return EpochRecord(epoch, step, seconds, train, validation, weights, rate)


def joined_rounds(rounds: Sequence[History], epoch: int, names: Sequence[str]) -> EpochRecord:
    """The record of an evaluation of tasks that were trained in rounds; seconds are those of all rounds.

    Parameters
    ----------
    rounds : sequence of History
    epoch : int
        From 0, one that some round has.
    names : sequence of str
        All tasks, in their order.
    """
    if len(rounds) == 1:
        return rounds[0].epochs[epoch]
    own = {str(k): one.epochs[epoch] for k, one in enumerate(rounds) if epoch < len(one.epochs)}
    seconds = sum(one.epochs[min(epoch, len(one.epochs) - 1)].seconds for one in rounds)
    record = joined_record(epoch + 1, seconds, own)

    def ordered(values: Mapping[str, float]) -> dict[str, float]:
        return {name: values[name] for name in names if name in values}

    return replace(
        record,
        train_losses=ordered(record.train_losses),
        validation_losses=ordered(record.validation_losses),
        weights=ordered(record.weights),
    )


def close_history(history: History, own: Mapping[str, History]) -> None:
    """Close the history of all tasks by those of the networks of each, which have ended."""
    stopped = all(one.stopped != ALL_STEPS for one in own.values())
    history.stopped = EVERY_TASK_STOPPED if stopped else ALL_STEPS
    history.best_epochs = {name: one.best_epochs[name] for name, one in own.items()}
    history.n_steps = max(one.n_steps for one in own.values())


def joined_history(own: Mapping[str, History]) -> History:
    """The history of all tasks; seconds are those of all networks together.

    Parameters
    ----------
    own : mapping of task to History
        Of networks that have ended.
    """
    history = History(n_parameters=sum(one.n_parameters for one in own.values()))
    for epoch in count():
        records = {n: one.epochs[epoch] for n, one in own.items() if epoch < len(one.epochs)}
        if not records:
            break
        past = (one.epochs[min(epoch, len(one.epochs) - 1)] for one in own.values())
        seconds = sum(record.seconds for record in past)
        history.epochs.append(joined_record(epoch + 1, seconds, records))
    close_history(history, own)
    history.seconds = sum(one.seconds for one in own.values())
    return history
