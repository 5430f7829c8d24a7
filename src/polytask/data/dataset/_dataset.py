from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from polytask._naming import suggestion
from polytask.data.cells import SourceColumns, column_names
from polytask.data.dataset._chosen_tasks import chosen_tasks, long_task, one_target
from polytask.data.dataset._from_arrays import arrays_source
from polytask.data.dataset._from_long import long_source
from polytask.data.dataset._from_per_task import per_task_sources
from polytask.data.dataset._from_table import table_source
from polytask.data.dataset._long_sources import long_sources
from polytask.data.dataset._source_roles import SourceRoles
from polytask.data.dataset._table_sources import table_sources
from polytask.data.readers import NO_ROLES, open_frame, open_sources
from polytask.data.sources import (
    Source,
    by_source,
    data_digest,
    finished,
    hide_unweighted,
    metric_notes,
    source_summary,
    task_summaries,
    unit_weights,
    weighing_rows,
    weight_columns,
)
from polytask.exceptions import DataError, UnknownNameError
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["MultiTaskDataset"]


@dataclass(frozen=True, eq=False)
class MultiTaskDataset:
    """Sources of rows and the tasks that are labelled there.

    Usually made by one of the constructors below, which leave the user's tables as they are.

    Parameters
    ----------
    sources : tuple of Source
        Rows with one input schema each.
    tasks : TaskSet
        All tasks, kinds settled.
    notes : tuple of str
        What was inferred or looks odd, in words.

    Examples
    --------
    >>> from polytask import MultiTaskDataset
    >>> table = {"age": [31, 44, 28, 60], "rich": [0, 1, 0, 1], "single": ["y", "n", "y", None]}
    >>> data = MultiTaskDataset.from_table(table, ["rich", "single"])
    >>> data.notes[1]
    "single: binary, because of 2 distinct values; positive class 'y'"
    """

    sources: tuple[Source, ...]
    tasks: TaskSet
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for source in self.sources:
            if source.inputs.width == 0:
                raise DataError(f"Source {source.name!r} has no input column to learn from.")
        carried = {name for source in self.sources for name in source.tasks.names}
        absent = [name for name in self.tasks.names if name not in carried]
        if absent or len({source.name for source in self.sources}) < len(self.sources):
            sentence = (
                "The `sources` parameter of MultiTaskDataset must be sources of unique names that "
                f"carry every task. Got {[source.name for source in self.sources]}, "
                f"without the tasks {absent}."
            )
            raise DataError(sentence)

    # ── constructors ──────────────────────────────────────────────────────────
    @classmethod
    def from_table(
        cls,
        frame: Any,
        tasks: Iterable[Task | str] | Task | str,
        *,
        features: str | Iterable[str] | None = None,
        drop: str | Iterable[str] = (),
        weight: Any = None,
        group: Any = None,
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """Rows that share their inputs, with a target column (or several) for each task.

        Parameters
        ----------
        frame : polars, pandas or pyarrow frame, or mapping of columns
            Or whatever else `polytask.data.to_polars` takes.
        tasks : iterable of Task or str
            A string is a target column whose kind is inferred, ``"income:binary"`` names its kind,
            ``"assay*:binary"`` several columns; see `named_tasks`. Missing labels are null or NaN.
        features : iterable of str, optional
            Input columns; by default all columns that serve nothing else.
        drop : iterable of str
            Columns that are no inputs.
        weight : str, array of shape (n,) or (n, n_tasks), or mapping of task to these, optional
            Row weights, at least 0, of which the scale does not matter: every task's have the mean
            1 where models are fitted, and 0 leaves a row out. Of a mapping, tasks that it does not
            name weigh 1, or as the key None says.
        group : str or array of shape (n,), optional
            Rows of one group stay together in splits and statistical tests.
        columns : mapping of str to str, optional
            What columns are, by name or pattern: ``"numeric"``, ``"categorical"``, ``"date"`` (or
            as it is written, ``"date=%d/%m/%Y"``) or ``"drop"``. Others are what their values are;
            categories of the frame's own are categorical.
        missing : str, number, sequence of these, or mapping of column to such, optional
            Cells that mean “missing”; numbers compare by value. ``"COLUMN=M"`` is about one column.

        Raises
        ------
        DataError
            If a column is absent, a target cannot be learned from, or a value is infinite.
        """
        table = open_frame(frame, columns=columns, missing=missing)
        chosen, matched = chosen_tasks(
            tasks,
            table.frame.columns,
            features=features,
            drop=drop,
            others=(*weight_columns(weight), group),
        )
        source, reasons = table_source(
            table, chosen, features=features, drop=drop, weight=weight, group=group
        )
        return cls._finished([source], reasons, (*table.notes, *matched))

    @classmethod
    def from_long(
        cls,
        frame: Any,
        target: str | Task,
        task_column: str,
        *,
        kind: Kind | str | None = None,
        features: str | Iterable[str] | None = None,
        drop: str | Iterable[str] = (),
        weight: Any = None,
        group: Any = None,
        role: Literal["primary", "auxiliary"] = "primary",
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """Rows that each belong to one task: one task for each value of a column.

        Parameters
        ----------
        frame : polars, pandas or pyarrow frame, or mapping of columns
        target : str or Task
            The target column; or a task that every task is to be like but for its name, and which
            may have several columns.
        task_column : str
            The column that names each row's task, such as a school.
        kind : Kind or str, optional
            Kind of every task, where `target` is a column's name; by default inferred from all
            rows.
        features, drop, weight, group, columns, missing
            As in `from_table`.
        role : {"primary", "auxiliary"}
            Role of every task, where `target` is a column's name.

        Examples
        --------
        >>> from polytask import MultiTaskDataset
        >>> table = {"x": [1.0, 2.0, 3.0], "score": [3.5, 2.5, 9.0], "school": [7, 7, 12]}
        >>> MultiTaskDataset.from_long(table, "score", "school").tasks.names
        ('7', '12')
        """
        table = open_frame(frame, columns=columns, missing=missing)
        template = long_task(target, table.frame.columns, kind, role)
        source, reasons = long_source(
            table,
            template,
            task_column,
            features=features,
            drop=drop,
            weight=weight,
            group=group,
        )
        return cls._finished([source], reasons, table.notes)

    @classmethod
    def from_per_task(
        cls,
        data: Mapping[Any, tuple[Any, Any]],
        *,
        kinds: Mapping[str, Kind | str] | Kind | str | None = None,
        weights: Mapping[str, Any] | None = None,
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """A table of its own for each task.

        Tasks with the same input columns and the same kind of target (same classes, similar
        units) share one source; otherwise each has its own. Where they share one, rows to
        predict name their task in a column ``task`` (``task_`` if an input is called so).

        Parameters
        ----------
        data : mapping of Task or str to (X, y)
            X is an array (n, d) or a frame, y has n values.
        kinds : mapping of task name to kind, or one kind for all, optional
        weights : mapping of task name to array of shape (n,), optional
            Row weights as in `from_table`.
        columns, missing
            As in `from_table`, for all tables that have such a column; y is called ``target``.
        """
        found = per_task_sources(data, kinds, weights, columns=columns, missing=missing)
        return cls._finished(*found)

    @classmethod
    def from_sources(
        cls,
        sources: Mapping[str, Any],
        tasks: Iterable[Task | str] | Task | str,
        *,
        task_column: str | None = None,
        features: str | Iterable[str] | None = None,
        drop: str | Iterable[str] = (),
        weight: str | Mapping[str | None, str] | None = None,
        group: str | None = None,
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """Tables with rows and columns of their own, which train together.

        A column's name alone means the columns of that name in all tables that have one, and
        ``SOURCE/COLUMN`` the one of a single table. So a task has its target in all tables with
        such a column, unless it picks one; tasks that pick are called like the column, or
        ``SOURCE/COLUMN`` where another task is called so.

        Parameters
        ----------
        sources : mapping of str to frame
            Tables by the names of their sources, which predictions and notes speak of.
        tasks : iterable of Task or str
            As in `from_table`; with `task_column`, the one that every task is like but for its
            name.
        task_column : str, optional
            The column, in every table, that names the one task that each row belongs to. A task
            that several tables name is one task.
        features, drop, columns, missing
            As in `from_table`, for all tables with such a column.
        weight : str, or mapping of task to str, optional
            Columns of row weights; in tables without them all rows weigh 1.
        group : str, optional
            A column; the same group may have rows in several tables.

        Raises
        ------
        DataError
            If a column is in no table, a table has no target, or a target that several tables
            have is stored differently in them.

        Examples
        --------
        >>> from polytask import MultiTaskDataset
        >>> red = {"acid": [7.4, 7.8, 11.2], "quality": [5, 6, 7]}
        >>> white = {"sugar": [20.7, 1.6, 6.9], "quality": [6, 5, 8], "taste": [0.5, 1.5, 2.5]}
        >>> data = MultiTaskDataset.from_sources(
        ...     {"red": red, "white": white}, ["quality:regression", "taste:regression"]
        ... )
        >>> [(source.name, source.inputs.columns, source.tasks.names) for source in data.sources]
        [('red', ['acid'], ('quality',)), ('white', ['sugar'], ('quality', 'taste'))]
        """
        tables = open_sources(sources, columns=columns, missing=missing)
        names = SourceColumns({name: table.frame.columns for name, table in tables.items()})
        roles = SourceRoles(
            names,
            None if features is None else column_names("features", features),
            column_names("drop", drop),
            weight,
            group,
        )
        if task_column is None:
            chosen, matched = chosen_tasks(
                tasks, names, features=features, drop=drop, others=(*weight_columns(weight), group)
            )
            made = table_sources(tables, chosen, roles)
        else:
            template, matched = one_target(chosen_tasks(tasks, names)[0]), ()
            made = long_sources(tables, template, task_column, roles)
        read = by_source({name: table.notes for name, table in tables.items()})
        return cls._finished(
            made.sources, made.reasons, (*read, *matched, *made.notes), made.written
        )

    @classmethod
    def from_arrays(
        cls,
        X: Any,
        Y: Any,
        tasks: Iterable[Task | str] | None = None,
        *,
        names: Sequence[str] | None = None,
        weights: Any = None,
        groups: Any = None,
        task_index: Any = None,
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """Arrays of inputs and targets.

        Parameters
        ----------
        X : array of shape (n, d) or (n, d₁, d₂, …), or frame
            Columns ``x0`` …, or one column ``x`` of tensors; a frame's under their own names.
            Tensors of torch and sparse matrices of scipy are arrays too.
        Y : array of shape (n,) or (n, n_targets), frame, or mapping of names to columns
            NaN where missing; cells that a sparse matrix leaves out are 0.
        tasks : iterable of Task or str, optional
            By default the names in Y, else ``y0`` …; or ``0`` … with `task_index`.
        names : sequence of str, optional
            Names of the input columns.
        weights : array of shape (n,) or (n, n_tasks), or mapping of task to array, optional
            As in `from_table`.
        groups : array of shape (n,), optional
        task_index : array of shape (n,), optional
            Position of each row's only task; Y then has one column, and rows to predict name
            their task in a column ``task``.
        columns, missing
            As in `from_table`; with `task_index`, Y is called ``y``.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask import MultiTaskDataset
        >>> X, Y = np.eye(4), np.array([[0.5, 1], [1.5, 0], [2.5, np.nan], [4.0, 1]])
        >>> [task.kind.name for task in MultiTaskDataset.from_arrays(X, Y).tasks]
        ['regression', 'binary']
        """
        source, reasons, decided = arrays_source(
            X,
            Y,
            tasks,
            names=names,
            weights=weights,
            groups=groups,
            task_index=task_index,
            columns=columns,
            missing=missing,
        )
        return cls._finished([source], reasons, decided)

    @classmethod
    def _finished(
        cls,
        sources: Sequence[Source],
        reasons: Mapping[str, str],
        decided: Sequence[str] = (),
        written: Mapping[str, str] = NO_ROLES,
    ) -> MultiTaskDataset:
        kept, notes = finished(sources, reasons, written)
        tasks = {task.name: task for source in kept for task in source.tasks}
        names = [name for name in written or tasks if name in tasks]
        return cls(kept, TaskSet(tasks[name] for name in names), (*decided, *notes))

    # ── views ─────────────────────────────────────────────────────────────────
    @property
    def n_rows(self) -> int:
        """Rows of all sources."""
        return sum(source.n_rows for source in self.sources)

    def source(self, name: str) -> Source:
        """The source of that name."""
        for source in self.sources:
            if source.name == name:
                return source
        names = [source.name for source in self.sources]
        sentence = f"There is no source named {name!r}. {suggestion(name, names)}"
        raise UnknownNameError(sentence)

    def take(self, rows: Mapping[str, np.ndarray]) -> MultiTaskDataset:
        """Some rows of every source, by source name; a source that is not named gives none."""
        for name in rows:
            self.source(name)
        wanted = (np.asarray(rows.get(s.name, []), dtype=np.int64) for s in self.sources)
        taken = (source.take(kept) for source, kept in zip(self.sources, wanted, strict=True))
        return replace(self, sources=tuple(taken))

    def unit_weights(self, task: str) -> dict[str, np.ndarray]:
        """Weights of a task's labelled rows by source, scaled to the mean 1, as learners take them.

        Rows of sources without weights weigh 1.
        """
        return unit_weights(self.sources, task)

    def without_zero_weights(self) -> MultiTaskDataset:
        """The same data without the rows that weigh nothing for any task.

        Learners fit and validate on it, so that a weight of 0 leaves out a row's inputs too.
        """
        sources = [hide_unweighted(source) for source in self.sources]
        rows = [weighing_rows(source) for source in sources]
        if all(len(kept) == s.n_rows for s, kept in zip(sources, rows, strict=True)):
            return self if sources == list(self.sources) else replace(self, sources=tuple(sources))
        taken = (source.take(kept) for source, kept in zip(sources, rows, strict=True))
        return replace(self, sources=tuple(taken))

    def without_tasks(self, names: Collection[str]) -> MultiTaskDataset:
        """The same data without some tasks and the rows that are theirs alone.

        Names that are no tasks are passed over; a source that carries no other task is dropped.
        """
        sources = (source.without_tasks(names) for source in self.sources)
        tasks = TaskSet(task for task in self.tasks if task.name not in names)
        return replace(self, sources=tuple(s for s in sources if s is not None), tasks=tasks)

    def with_tasks(self, tasks: Mapping[str, Task]) -> MultiTaskDataset:
        """The same data, in which tasks have other weights, losses or metrics.

        Parameters
        ----------
        tasks : mapping of str to Task
            By the names of the tasks that they replace, of the same kinds and target columns.
        """
        sources = (
            replace(source, tasks=TaskSet(tasks.get(task.name, task) for task in source.tasks))
            for source in self.sources
        )
        replaced = TaskSet(tasks.get(task.name, task) for task in self.tasks)
        before, now = metric_notes(self.tasks), metric_notes(replaced)
        kept = [note for note in self.notes if note not in before or note in now]
        notes = (*kept, *(note for note in now if note not in kept))
        return replace(self, sources=tuple(sources), tasks=replaced, notes=notes)

    def without_columns(self, names: Iterable[str]) -> MultiTaskDataset:
        """The same rows without some input columns; names that are no inputs are passed over."""
        dropped = list(names)
        sources = tuple(
            replace(s, inputs=s.inputs.drop(dropped, strict=False)) for s in self.sources
        )
        for source in sources:
            if source.inputs.width == 0:
                sentence = f"No input column of source {source.name!r} is left without {dropped}."
                raise DataError(sentence)
        return replace(self, sources=sources)

    def digest(self) -> str:
        """sha256 over tasks, inputs, targets, weights and groups, the same in every process."""
        return data_digest(self.sources, self.tasks)

    def summary(self) -> dict[str, Any]:
        """Rows, columns by type, and what is known of every task's labels; goes through JSON."""
        tasks = task_summaries(self.sources)
        return {
            "rows": self.n_rows,
            "sources": [source_summary(source) for source in self.sources],
            "tasks": [tasks[name] for name in self.tasks.names],
            "notes": list(self.notes),
        }
