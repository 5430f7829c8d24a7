"""Gains of tasks over their own networks, on rows that were not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from polytask.analysis._group_runs import Group, GroupRuns
from polytask.evaluation.running._tuning import headline
from polytask.statistics import Answers, PairedGain, holm, paired_gain

if TYPE_CHECKING:
    from polytask.analysis._source_tasks import SourceEffect

    Tested = TypeVar("Tested", "MeasuredGain", SourceEffect)

__all__ = [
    "MeasuredGain",
    "compared",
    "corrected",
    "gain_of_task",
    "mean_gain_of",
    "mean_gain_over_several",
    "worded_gain",
]


@dataclass(frozen=True)
class MeasuredGain:
    """Gain of a task in a group over its own network alone.

    Attributes
    ----------
    task : str
    group : tuple of str
        The tasks that were trained together, this one among them.
    gain : float or None
        Relative improvement of the task's first metric, as a fraction; None where it is undefined.
    interval : (low, high) or None
        Holds for all tests together, by Bonferroni's correction.
    p : float or None
        p-value of “trained together and alone are exchangeable”.
    p_corrected : float or None
        By Holm's correction for all tests.
    undefined : str or None
        Why there is no gain.
    """

    task: str
    group: tuple[str, ...]
    gain: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    p_corrected: float | None = None
    undefined: str | None = None

    def verdict(self, alpha: float = 0.05) -> str:
        """Whether the task gains, loses, or no difference is shown."""
        if self.gain is None or self.p_corrected is None or self.p_corrected > alpha:
            return "no difference shown"
        return "gains" if self.gain > 0 else "loses"


def gain_of_task(runs: GroupRuns, task: str, group: Iterable[str], n_tests: int) -> MeasuredGain:
    """The gain of one task of a group, with its interval at the level that `n_tests` leaves."""
    tasks = runs.group(group)
    together = {task: [runs.answers(tasks)[task]]}
    result = compared(runs, together, _alone(runs, [task]), n_tests)
    return MeasuredGain(
        task, tasks, result.value, result.interval, result.p, None, result.left_out.get(task)
    )


def mean_gain_of(
    runs: GroupRuns,
    groups: Sequence[Group],
    over: Sequence[Group] | None = None,
    n_tests: int = 1,
) -> PairedGain:
    """Mean gain of the primary tasks in a partition, over themselves alone or another partition."""
    names = runs.data.tasks.primary.names
    baseline = _alone(runs, names) if over is None else _together(runs, over, names)
    return compared(runs, _together(runs, groups, names), baseline, n_tests)


def mean_gain_over_several(
    runs: GroupRuns, groups: Sequence[Group], others: Sequence[Sequence[Group]]
) -> PairedGain:
    """Mean gain of the primary tasks in a partition over several others, averaged over these too.

    The predictions are exchanged in all tasks and with all of the others at once, so that the
    partition's own trainings, which stand in every difference, are not counted as several.
    """
    names = runs.data.tasks.primary.names
    learner, baseline, metrics = {}, {}, {}
    own = _together(runs, groups, names)
    for number, other in enumerate(others):
        for task, answers in _together(runs, other, names).items():
            pair = f"{task}, {number}"
            learner[pair], baseline[pair] = own[task], answers
            metrics[pair] = headline(runs.data.tasks, task)
    return paired_gain(learner, baseline, metrics)


def corrected(gains: Sequence[Tested]) -> tuple[Tested, ...]:
    """The same gains with p-values corrected for all of them."""
    by_position = holm({position: gain.p for position, gain in enumerate(gains)})
    return tuple(
        replace(gain, p_corrected=by_position[position]) for position, gain in enumerate(gains)
    )


def worded_gain(gain: float | None) -> str:
    """A gain in percent, with its sign."""
    return "undefined" if gain is None else f"{100 * gain:+.1f} %"


def _alone(runs: GroupRuns, tasks: Sequence[str]) -> dict[str, list[Answers]]:
    runs.train([task] for task in tasks)
    return {task: [runs.answers([task])[task]] for task in tasks}


def _together(
    runs: GroupRuns, groups: Sequence[Group], tasks: Sequence[str]
) -> dict[str, list[Answers]]:
    """Predictions of tasks, each by the first group that has it."""
    runs.train(groups)
    served = {task: group for group in reversed(groups) for task in group}
    return {task: [runs.answers(served[task])[task]] for task in tasks}


def compared(
    runs: GroupRuns,
    learner: Mapping[str, Sequence[Answers]],
    baseline: Mapping[str, Sequence[Answers]],
    n_tests: int,
) -> PairedGain:
    """Relative gain over a baseline, with its interval at the level that `n_tests` leaves."""
    metrics = {task: headline(runs.data.tasks, task) for task in learner}
    level = 1 - 0.05 / max(n_tests, 1)
    return paired_gain(learner, baseline, metrics, level=level, n_tests=n_tests)
