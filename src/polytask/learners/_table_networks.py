"""The joint ensemble that comparisons of tables include by default."""

from __future__ import annotations

from polytask.architectures import HardSharing
from polytask.encoders import PackedMLP, TabM
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Kind, TaskSet

__all__ = ["ensemble_note", "table_networks"]

_FEWEST_ROWS, _MANY_ROWS = 500, 4000
_MOST_TASKS = 40
_MANY_NUMBERS = 9


def table_networks(tasks: TaskSet | None, n_rows: int | None) -> list[MultiTaskNetwork]:
    """Joint ensembles compared by default: one on tables of some size, none on others.

    It is a narrow `PackedMLP` below 4000 rows, where its single-task baseline takes little time. Above
    it is `PackedMLP` where all targets are numbers (with more than 8 of them of half the width and
    three layers, since the baseline has a network for each), otherwise `TabM`. On fewer than 500 rows,
    and with more than 40 tasks, there is none.

    Parameters
    ----------
    tasks : TaskSet, optional
    n_rows : int, optional
        Of all tables; none are named without it.

    Examples
    --------
    >>> from polytask.learners._table_networks import table_networks
    >>> from polytask.tasks import Kind, TaskSet, Task
    >>> [network.name for network in table_networks(TaskSet([Task("y", "regression")]), 5000)]
    ['hard_sharing+packed_mlp']
    """
    if tasks is None or n_rows is None or n_rows < _FEWEST_ROWS or len(tasks) > _MOST_TASKS:
        return []
    if n_rows < _MANY_ROWS:
        return [_packed(64, 64)]
    if not all(isinstance(task.kind, Kind) and task.kind.numeric for task in tasks):
        return [MultiTaskNetwork(HardSharing(TabM()))]
    if len(tasks) < _MANY_NUMBERS:
        return [MultiTaskNetwork(HardSharing(PackedMLP()))]
    return [_packed(128, 128, 128)]


def ensemble_note(tasks: TaskSet, n_rows: int) -> str | None:
    """A sentence on the ensemble that is compared by default: why, and how to leave it out.

    None where there is none.

    Parameters
    ----------
    tasks : TaskSet
    n_rows : int
        Of all tables.
    """
    names = [network.name for network in table_networks(tasks, n_rows) if network.serves(tasks)]
    if not names:
        return None
    count = f"{len(tasks)} task{'s' * (len(tasks) > 1)}"
    return (
        f"{names[0]}, an ensemble inside one network, is compared by default, since there are {n_rows:,} "
        f"rows (at least {_FEWEST_ROWS}) and {count} (at most {_MOST_TASKS}). To leave it out, name the "
        "learners with --model (learners= in Python)."
    )


def _packed(*widths: int) -> MultiTaskNetwork:
    network = MultiTaskNetwork(HardSharing(PackedMLP(widths=widths)))
    return network.with_detail(f"widths={','.join(map(str, widths))}")
