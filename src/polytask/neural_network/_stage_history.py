"""One history of a training in stages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from polytask.bookkeeping import EpochRecord, History
from polytask.merging import Merging

__all__ = ["concluded", "counted_on", "joined"]


def counted_on(record: EpochRecord, earlier: History) -> EpochRecord:
    """A record of a stage, counted on from those of the earlier stages."""
    return replace(
        record,
        epoch=record.epoch + len(earlier.epochs),
        step=record.step + earlier.n_steps,
        seconds=record.seconds + earlier.seconds,
    )


def joined(joint: History, tuned: History) -> History:
    """Records, steps and seconds of joint training and fine-tuning; the size of the joint network."""
    return History(
        epochs=[*joint.epochs, *(counted_on(record, joint) for record in tuned.epochs)],
        stopped=(
            f"{joint.n_steps:,} steps of joint training ({joint.stopped}), then {tuned.n_steps:,} "
            f"of a copy per task ({tuned.stopped})"
        ),
        n_parameters=joint.n_parameters,
        n_steps=joint.n_steps + tuned.n_steps,
        seconds=joint.seconds + tuned.seconds,
    )


def concluded(
    history: History,
    merging: Merging,
    losses: Mapping[str, float],
    *,
    gain: float | None,
    kept: bool,
    n_steps: int,
    seconds: float,
) -> History:
    """The history with a record of the merged network, which is the state that is kept.

    Parameters
    ----------
    history : History
        Of the earlier stages.
    merging : Merging
        The method as it was chosen.
    losses : mapping of task to float
        Of the merged network on the validation rows; {} without any, and then without a record.
    gain : float or None
        How much lower the primary tasks' losses are than those of the joint network, relative.
    kept : bool
        Whether the merged network has the parameters of the joint network.
    n_steps : int
        Taken by the method.
    seconds : float
        Of merging and choosing.
    """
    n_all, all_seconds = history.n_steps + n_steps, history.seconds + seconds
    learned = f", and {n_steps:,} steps on rows held out" if n_steps else ""
    whole = replace(
        history,
        n_steps=n_all,
        seconds=all_seconds,
        stopped=f"{history.stopped}{learned}; merged by {merging}{_compared(gain, kept)}",
    )
    if not losses:
        return whole
    rate = history.epochs[-1].learning_rate if history.epochs else 0.0
    epoch = len(history.epochs) + 1
    record = EpochRecord(epoch, n_all, all_seconds, {}, losses, {}, rate)
    return replace(
        whole,
        epochs=[*history.epochs, record],
        best_epoch=epoch,
        best_epochs=dict.fromkeys(losses, epoch),
    )


def _compared(gain: float | None, kept: bool) -> str:
    """How the merged network compares with the joint one on the validation rows."""
    same = ", which keeps the parameters of the joint network" if kept else ""
    if gain is None or not math.isfinite(gain):
        return same
    percent = f"{100 * abs(gain):.1f}"
    is_equal = float(percent) == 0
    if same and is_equal:
        return same
    change = "equal to" if is_equal else f"{percent} % {'lower' if gain > 0 else 'higher'} than"
    return (
        f"{same}{' and' if same else ','} whose validation losses are, on average over the primary "
        f"tasks, {change} those of the joint network"
    )
