"""Abstract base class of methods that say which columns a task looks at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from polytask._naming import snake_case
from polytask.analysis._fitted_rounds import FittedRounds
from polytask.analysis._input_columns import InputColumn
from polytask.statistics import Paired

__all__ = ["NO_TRAINING_ROWS", "Attribution", "Measured"]

Measured = Mapping[tuple[str, str], Paired]
"""By (task, label of the column): importance, interval and, where 0 means none, p-value."""

_ONE_ROUND = (
    "Every row was predicted by one model, so that intervals speak about these models and not about the "
    "method; more seeds speak about it"
)
NO_TRAINING_ROWS = "Intervals are for new rows and new trainings; they leave out what other training rows would change"


@dataclass(frozen=True)
class Attribution(ABC):
    """A method that says how much the predictions of each task depend on each input column.

    A method is a frozen dataclass of its settings and defines `measure` and `scale_of`.

    Attributes
    ----------
    name : str
        Name in records, tables and on the command line.
    needs : str
        What it takes, in words.
    meaning : str
        What an importance is, as the end of “importance is …”.
    has_zero : bool
        Whether importances of columns that do not matter scatter around 0, so that p-values mean
        something.

    Examples
    --------
    A method of one's own, which says that all columns matter alike:

    >>> from dataclasses import dataclass
    >>> from polytask.analysis import Attribution, attribute
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.statistics import Paired
    >>> @dataclass(frozen=True)
    ... class Alike(Attribution):
    ...     needs = "nothing"
    ...     meaning = "1 for every column"
    ...
    ...     def measure(self, models, columns, advance):
    ...         return {(task, c.label): Paired(1.0) for c in columns for task in c.tasks}
    >>> data, _ = make_related_regression(n_tasks=2, n_rows=60, n_features=4)
    >>> attribute(data, "linear", method=Alike(), folds=2, seeds=1).shares[0].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    needs: ClassVar[str]
    meaning: ClassVar[str]
    has_zero: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The class's name in snake case."""
        return snake_case(type(self).__name__)

    def scale_of(self, models: FittedRounds, task: str) -> str:
        """The unit of a task's importances, in words; empty by default."""
        del models, task
        return ""

    def n_advances(self, tasks: Sequence[str], columns: Sequence[InputColumn]) -> int:
        """How often `measure` calls `advance`; by default once per column."""
        del tasks
        return len(columns)

    def check(self, models: FittedRounds) -> None:  # noqa: B027 - most methods take every model
        """Raise where the method cannot serve the models; by default it serves all.

        It is called when the first model is there, with this one alone.
        """

    def notes(self, models: FittedRounds) -> tuple[str, ...]:
        """Sentences on what intervals leave out; by default that one round leaves out all of training."""
        return (_ONE_ROUND,) if len(models.rounds) == 1 else ()

    @abstractmethod
    def measure(
        self,
        models: FittedRounds,
        columns: Sequence[InputColumn],
        advance: Callable[[str], None],
    ) -> Measured:
        """Importances of columns for the tasks of their source.

        Parameters
        ----------
        models : FittedRounds
            Fitted models with rows that they were not trained on.
        columns : sequence of InputColumn
        advance : callable
            Receives a description of every column, or task, that is done.
        """
