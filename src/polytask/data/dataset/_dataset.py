"""A data set: sources of rows, and the tasks labelled in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from polytask.data.dataset._chosen_tasks import chosen_tasks, long_task
from polytask.data.dataset._dataset_views import DatasetViews
from polytask.data.dataset._from_arrays import arrays_source
from polytask.data.dataset._from_dataset import open_dataset, own_targets
from polytask.data.dataset._from_long import long_source
from polytask.data.dataset._from_per_task import per_task_sources
from polytask.data.dataset._from_sources import sources_of_tables
from polytask.data.dataset._from_table import table_source
from polytask.data.dataset._named_exactly import named_exactly
from polytask.data.names import SourceColumns
from polytask.data.readers import NO_ROLES, open_frame, open_sources
from polytask.data.sources import (
    Source,
    finished,
    weight_columns,
)
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["MultiTaskDataset"]


@dataclass(frozen=True, eq=False)
class MultiTaskDataset(DatasetViews):
    """Sources of rows, and the tasks labelled in them.

    Usually made by one of the constructors below, which do not change the user's tables.

    Parameters
    ----------
    sources : tuple of Source
        Rows with one input schema each.
    tasks : TaskSet
        All tasks, with their kinds.
    notes : tuple of str
        Sentences about what was inferred or is unusual.

    Examples
    --------
    >>> from polytask import MultiTaskDataset
    >>> table = {"age": [31, 44, 28, 60], "rich": [0, 1, 0, 1], "single": ["y", "n", "y", None]}
    >>> data = MultiTaskDataset.from_table(table, ["rich", "single"])
    >>> data.notes[1]
    "single: binary, because of 2 distinct values; positive class 'y'"
    """

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
        """Make one source of a table in which tasks share the rows.

        Parameters
        ----------
        frame : polars, pandas or pyarrow frame, or mapping of columns
            Also any other input of `polytask.data.to_polars`.
        tasks : iterable of Task or str
            A string is a target column whose kind is inferred, ``"income:binary"`` names its kind,
            ``"assay*:binary"`` several columns; see `named_tasks`. Missing labels are null or NaN.
        features : iterable of str, optional
            Input columns; by default all columns without another role.
        drop : iterable of str
            Columns that are no inputs.
        weight : str, array of shape (n,) or (n, n_tasks), or mapping of task to these, optional
            Row weights, at least 0. Their scale does not matter: models are fitted with a mean of 1
            per task. Rows of weight 0 are left out. Tasks missing from a mapping have weight 1, or
            that of the key None.
        group : str or array of shape (n,), optional
            Rows of one group stay together in splits and statistical tests.
        columns : mapping of str to str, optional
            Roles by column name or pattern: ``"numeric"``, ``"categorical"``, ``"identifier"``
            (with its buckets, ``"identifier=4096"``, or without), ``"date"`` (with its form,
            ``"date=%d/%m/%Y"``, or without), ``"text"``, ``"characters"``, ``"tokens"``
            or ``"sequence"`` (with the steps to read of a row, ``"text=512"``, or without), ``"tensor"``, ``"smiles"`` or ``"drop"``.
            Other columns follow their values and types.
        missing : str, number, sequence of these, or mapping of column to such, optional
            Cells that mean “missing”; numbers compare by value. ``"COLUMN=M"`` is for one column.

        Raises
        ------
        DataError
            If a column is absent, a target cannot be learned from, a task that is named, and not
            matched by a pattern, has no label, or a value is infinite.
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
        named = named_exactly(tasks, table.frame.columns)
        return cls._finished([source], reasons, (*table.notes, *matched), named=named)

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
        """Make one source of a table in which a column names the task of each row.

        Parameters
        ----------
        frame : polars, pandas or pyarrow frame, or mapping of columns
        target : str or Task
            The target column; or a task, possibly of several columns, that all tasks equal except
            for their names.
        task_column : str
            The column that names each row's task, such as a school.
        kind : Kind or str, optional
            Kind of all tasks if `target` is a column; by default inferred from all rows.
        features, drop, weight, group, columns, missing
            As in `from_table`.
        role : {"primary", "auxiliary"}
            Role of all tasks if `target` is a column.

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
        """Make sources of one table per task.

        Tasks with the same input columns and the same kind of target (same classes, similar
        units) share one source; otherwise each has its own. With a shared source, rows to predict
        name their task in a column ``task`` (``task_`` if an input has that name).

        Parameters
        ----------
        data : mapping of Task or str to (X, y)
            X is an array (n, d) or a frame, y has n values. A task of several columns, such as a count
            and its exposure, names them: ``Task("claims", "count", target=("claims", "months"))``; y
            then has these columns, by name or in this order.
        kinds : mapping of task name to kind, or one kind for all, optional
        weights : mapping of task name to array of shape (n,), optional
            Row weights as in `from_table`.
        columns, missing
            As in `from_table`, for all tables with such columns; a y of one column is called
            ``target``.
        """
        made = per_task_sources(data, kinds, weights, columns=columns, missing=missing)
        return cls._finished(made.sources, made.reasons, made.notes, declared=made.tasks)

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
        """Make one source per table, with rows and columns of its own, for joint training.

        A column's name alone means the columns of that name in all tables, ``SOURCE/COLUMN`` that
        of one table. A task thus has its target in all tables with such a column, unless it picks
        one. It is then named after the column, or ``SOURCE/COLUMN`` if that name is taken.

        Parameters
        ----------
        sources : mapping of str to frame
            Tables by source name, which predictions and notes mention.
        tasks : iterable of Task or str
            As in `from_table`; with `task_column`, the one that all tasks equal except for their
            names.
        task_column : str, optional
            The column of every table that names each row's task; tables may share tasks.
        features, drop, columns, missing
            As in `from_table`, for all tables with such columns.
        weight : str, or mapping of task to str, optional
            Columns of row weights; rows of tables without them have weight 1.
        group : str, optional
            The column of groups, which may have rows in several tables.

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
        made = sources_of_tables(
            tables,
            tasks,
            task_column,
            features=features,
            drop=drop,
            weight=weight,
            group=group,
        )
        by_source = {name: table.frame.columns for name, table in tables.items()}
        named = () if task_column else named_exactly(tasks, SourceColumns(by_source))
        return cls._finished(
            made.sources, made.reasons, made.notes, made.written, made.tasks, named
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
        """Make one source of arrays of inputs and targets.

        Parameters
        ----------
        X : array of shape (n, d) or (n, d₁, d₂, …), list of arrays, or frame
            Columns ``x0`` …, or one column ``x`` of tensors, or of sequences if X is a list of
            arrays of several lengths, (l,) or (l, channels); a frame keeps its names. Torch
            tensors and scipy sparse matrices are arrays too.
        Y : array of shape (n,) or (n, n_targets), frame, or mapping of names to columns
            NaN where missing; cells left out of a sparse matrix are 0.
        tasks : iterable of Task or str, optional
            By default the names in Y, otherwise ``y0`` …; or ``0`` … with `task_index`.
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
        given = task_index is None and (tasks is not None or isinstance(Y, Mapping))
        return cls._finished([source], reasons, decided, named=source.tasks.names if given else ())

    @classmethod
    def from_dataset(
        cls,
        dataset: Any,
        tasks: Iterable[Task | str] | Task | str | None = None,
        *,
        names: Sequence[str] | None = None,
        features: str | Iterable[str] | None = None,
        drop: str | Iterable[str] = (),
        weight: Any = None,
        group: Any = None,
        columns: Mapping[str, str] = NO_ROLES,
        missing: Any = (),
    ) -> MultiTaskDataset:
        """Make one source of a data set of another library.

        Parameters
        ----------
        dataset : data set of torch, bunch of scikit-learn, or data set of Hugging Face
            The first gives items by their number, ``(x, y)`` or mappings, each of which is read
            once. An array (d,) of an item is the columns ``x0`` …, a larger one a tensor, and arrays
            of several lengths are sequences. A list of items will do. Several splits of Hugging Face
            are one table, whose column ``split`` names them.
        tasks : iterable of Task or str, optional
            As in `from_table`; by default y, or the targets of the bunch.
        names : sequence of str, optional
            Names of the values of an item.
        features, drop, weight, group, columns, missing
            As in `from_table`. An array (d,) with a role, such as ``"tensor"`` or ``"sequence"``,
            stays one column.

        Examples
        --------
        >>> from polytask import MultiTaskDataset
        >>> items = [([0.5, 1.0], 3.5), ([0.25, 2.0], 2.5), ([0.75, 3.0], 9.25)]
        >>> data = MultiTaskDataset.from_dataset(items, names=["size", "price"])
        >>> data.sources[0].inputs.columns, data.tasks.names
        (['size0', 'size1'], ('price',))
        """
        table = open_dataset(dataset, names, columns=columns, missing=missing)
        return cls.from_table(
            table,
            own_targets(table, dataset) if tasks is None else tasks,
            features=features,
            drop=drop,
            weight=weight,
            group=group,
        )

    @classmethod
    def _finished(
        cls,
        sources: Sequence[Source],
        reasons: Mapping[str, str],
        decided: Sequence[str] = (),
        written: Mapping[str, str] = NO_ROLES,
        declared: TaskSet | None = None,
        named: Collection[str] = (),
    ) -> MultiTaskDataset:
        """Make a data set; `declared` has the tasks in order, fed across sources."""
        kept, notes = finished(sources, reasons, written, named)
        tasks = {task.name: task for source in kept for task in source.tasks}
        fed = (declared or TaskSet(tasks.values())).subset(tasks)
        ordered = TaskSet(replace(tasks[task.name], after=task.after) for task in fed)
        return cls(kept, ordered, (*decided, *notes))
