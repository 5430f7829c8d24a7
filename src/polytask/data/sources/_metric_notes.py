"""Notes on the metrics that tasks name."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._listing import first_and_more, names_by_key
from polytask.tasks import Task

__all__ = ["metric_notes"]


def metric_notes(tasks: Iterable[Task]) -> list[str]:
    """Notes on tasks whose first metric cannot enter Δm, so that another one is the headline.

    Parameters
    ----------
    tasks : iterable of Task
        Of known kinds.

    Raises
    ------
    ParameterError
        If a metric does not serve its task's kind, before anything is fitted.
    """
    named = [task for task in tasks if task.metrics is not None]
    if not named:
        return []
    from polytask.metrics import headline_note  # which loads scikit-learn

    pairs = [(task.name, note) for task in named if (note := headline_note(task)) is not None]
    return [f"{first_and_more(names)}: {note}" for note, names in names_by_key(pairs).items()]
