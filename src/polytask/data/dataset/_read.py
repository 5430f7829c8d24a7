from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from polytask.data.dataset._chosen_tasks import one_target
from polytask.data.dataset._dataset import MultiTaskDataset
from polytask.data.dataset._with_task_options import with_task_options
from polytask.data.names import column_names
from polytask.data.readers import NO_ROLES, open_sources, open_table, untyped
from polytask.data.sources import weight_columns
from polytask.exceptions import ParameterError
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["read"]


def read(
    data: Any = None,
    tasks: Iterable[Task | str] | Task | str | None = None,
    *,
    sources: Mapping[str, Any] | None = None,
    target: str | None = None,
    task_column: str | None = None,
    kind: Kind | str | None = None,
    features: str | Iterable[str] | None = None,
    drop: str | Iterable[str] = (),
    weight: Any = None,
    group: Any = None,
    role: Literal["primary", "auxiliary"] = "primary",
    task_weight: Mapping[str, float] | None = None,
    class_weight: Any = None,
    metric: Any = None,
    loss: Mapping[str, Any] | None = None,
    threshold: Any = None,
    after: Mapping[str, str | Sequence[str]] | None = None,
    columns: Mapping[str, str] = NO_ROLES,
    missing: Any = (),
    names: str | Iterable[str] | Mapping[str, Any] | None = None,
    no_header: bool = False,
    separator: str | Mapping[str, str] | None = None,
    decimal: str | Mapping[str, str] = ".",
) -> MultiTaskDataset:
    """Read a file or a frame, or several as sources, as a multi-task data set.

    Parameters
    ----------
    data : path or frame
        A CSV, TSV, Parquet, Arrow IPC, NDJSON, ``.npz``, ``.mat`` or ARFF file, a folder that
        Hugging Face's `save_to_disk` wrote, or an input of `MultiTaskDataset.from_table`, such as a
        frame, a bunch of scikit-learn, or a data set of torch.
    tasks : iterable of Task or str, optional
        The tasks; with `task_column`, the one that all tasks equal except for their names. A text
        is a target column, such as ``"income"``, optionally with its kind, ``"income:binary"``; or
        a pattern or list of columns of one task each, ``"assay*:binary"``, ``"a,b,c"``. They may be
        left out where the data itself says what its targets are, as bunches and data sets of torch do.
    sources : mapping of str to path or frame, optional
        Instead of `data`: tables with rows and columns of their own, by source name. A column's
        name means the columns of that name in all of them, and ``"SOURCE/COLUMN"`` one; see
        `MultiTaskDataset.from_sources`.
    target : str, optional
        Instead of `tasks`: the only target column.
    task_column : str, optional
        The column that names each row's task.
    kind, role
        Kind and role of the tasks, with `target`.
    features, drop, weight, group
        As in `MultiTaskDataset.from_table`, or `MultiTaskDataset.from_sources`.
    task_weight : mapping of task to float, optional
        Factors of the tasks' losses before any balancing, as `Task.weight`.
    class_weight : "balanced", or mapping of task to "balanced" or to weights of classes, optional
        As `Task.class_weight`; ``"balanced"`` alone is for all tasks with classes.
    metric : metric, name or list of these, or mapping of task to these, optional
        As `Task.metrics`, the headline first; without tasks, for all tasks that it serves.
    loss : mapping of task to loss or name, optional
        As `Task.loss`.
    threshold : number, metric or name, or mapping of task to these, optional
        As `Task.threshold`; without tasks, for all tasks whose decisions have one.
    after : mapping of task to name or names of tasks, optional
        The tasks that feed a task, as `Task.after`.
    columns, missing
        As in `MultiTaskDataset.from_table`; in text files, empty cells and words such as NA are
        missing too.
    names : sequence of str or str with commas, optional
        Names of the columns of a text file without a header.
    no_header : bool
        Whether the first line of a text file is a row like any other.
    separator : str, optional
        Separator of cells of a text file; by default found by consistency over its rows. A blank
        stands for any number of blanks and tabs.
    decimal : {".", ","}
        The decimal mark in a text file. With a comma, points may stand between thousands. Of
        `sources` that are written in different ways, `names`, `separator` and `decimal` are mappings
        of source name to value.

    Returns
    -------
    MultiTaskDataset
        Its `notes` state what was inferred and decided.

    Raises
    ------
    SourceFileError
        If the file is absent, empty, without rows, unreadable, or of an unknown type.
    DataError
        If a column is absent, a target cannot be learned from, or a value is infinite.
    ParameterError
        If arguments contradict each other or contain unknown names.

    Examples
    --------
    >>> import polytask
    >>> table = {"age": [31, 44, 28, 60], "rich": [0, 1, 0, 1]}
    >>> polytask.read(table, ["rich"]).n_rows
    4
    >>> others = {"size": [12.5, 9.0, 30.0], "rich": [0, 0, 1]}
    >>> data = polytask.read(sources={"people": table, "firms": others}, tasks="rich")
    >>> [(source.name, source.inputs.columns) for source in data.sources]
    [('people', ['age']), ('firms', ['size'])]
    """
    if (data is None) == (sources is None):
        sentence = "Give read either `data`, one table, or `sources`, several by their names."
        raise ParameterError(sentence)
    if tasks is None and target is None and task_column is None:
        data, tasks = _own_targets(data, columns)
    given = _tasks(tasks, target, kind, role)
    features = None if features is None else column_names("features", features)
    drop = column_names("drop", drop)
    named = [
        name for each in given for name in (each.columns if isinstance(each, Task) else [each])
    ]
    only = _of_use(features, [*named, *drop, task_column, *weight_columns(weight), group, *columns])
    reading: dict[str, Any] = {
        "columns": columns,
        "missing": missing,
        "names": names,
        "no_header": no_header,
        "separator": separator,
        "decimal": decimal,
        "only": only,
    }
    parts = {"features": features, "drop": drop, "weight": weight, "group": group}
    if task_column is not None and len(given) > 1:
        one_target(TaskSet(given))  # raises
    if sources is not None:
        tables = open_sources(sources, **reading)
        made = MultiTaskDataset.from_sources(tables, given, task_column=task_column, **parts)
    elif task_column is None:
        made = MultiTaskDataset.from_table(open_table(data, **reading), given, **parts)
    else:
        table = open_table(data, **reading)
        made = MultiTaskDataset.from_long(
            table, given[0], task_column, kind=kind, role=role, **parts
        )
    return with_task_options(
        made,
        task_weight=task_weight,
        class_weight=class_weight,
        metric=metric,
        loss=loss,
        threshold=threshold,
        after=after,
    )


def _own_targets(data: Any, whole: Iterable[str]) -> tuple[Any, Sequence[str] | None]:
    """The data, each item of which has been read, and the targets that it names itself."""
    given = None if data is None or isinstance(data, str | Path) else untyped(data, {*whole})
    if given is None or not given.targets:
        return data, None
    return given, given.targets


def _tasks(
    tasks: Iterable[Task | str] | Task | str | None,
    target: str | None,
    kind: Kind | str | None,
    role: Literal["primary", "auxiliary"],
) -> list[Task | str]:
    if (tasks is None) == (target is None):
        sentence = "Give read either `tasks` or `target`."
        raise ParameterError(sentence)
    if tasks is not None:
        given = [tasks] if isinstance(tasks, str | Task) else tasks
        return list(given) if isinstance(given, Iterable) else list(TaskSet(given))
    plain = kind is None and role == "primary"
    return [str(target) if plain else Task(str(target), kind, role=role)]


def _of_use(features: Sequence[str] | None, others: Iterable[object]) -> list[str] | None:
    """The columns to read from a file; None for all, if `features` are not given."""
    if features is None:
        return None
    return [*features, *(name for name in others if isinstance(name, str))]
