"""Input columns whose importance is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polytask._naming import suggestion
from polytask._validation import message
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["InputColumn", "input_columns"]


@dataclass(frozen=True)
class InputColumn:
    """An input column of a source.

    Attributes
    ----------
    source : str
    name : str
        In the table of the source.
    label : str
        ``SOURCE/COLUMN`` where there are several sources.
    tasks : tuple of str
        The tasks of the source, for which it may matter.
    """

    source: str
    name: str
    label: str
    tasks: tuple[str, ...]


def input_columns(
    data: MultiTaskDataset, tasks: Sequence[str], wanted: Sequence[str] | None
) -> tuple[InputColumn, ...]:
    """The input columns of a data set, or those that are named.

    Raises
    ------
    UnknownNameError
        If a name means none.
    ParameterError
        If no name is given.
    """
    several = len(data.sources) > 1
    columns = [
        InputColumn(
            source.name,
            name,
            f"{source.name}/{name}" if several else name,
            tuple(task for task in source.tasks.names if task in tasks),
        )
        for source in data.sources
        for name in source.inputs.columns
    ]
    if wanted is None:
        return tuple(columns)
    if isinstance(wanted, str) or not wanted:
        expected = "None, or a list of at least one name of an input column"
        raise ParameterError(message("attribute", "columns", expected, wanted))
    by_label = {column.label: column for column in columns}
    for name in wanted:
        if name not in by_label:
            sentence = f"There is no input column named {name!r}. {suggestion(name, by_label)}"
            raise UnknownNameError(sentence)
    return tuple(by_label[name] for name in dict.fromkeys(wanted))
