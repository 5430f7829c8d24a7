"""Files of rows to predict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from polytask.data.cells import markers_by_column
from polytask.data.dataset import survive_reading
from polytask.data.encoding._conform import conformed
from polytask.data.encoding._schema import Schema
from polytask.data.names import SourceColumns, about_source
from polytask.data.readers import (
    FileRules,
    file_columns,
    is_text,
    of_source,
    open_file,
    source_text_options,
    text_options,
)
from polytask.tasks import TaskSet

__all__ = ["rows_to_predict", "source_rows_to_predict"]


def rows_to_predict(
    path: str | Path,
    schemas: Iterable[Schema],
    tasks: TaskSet,
    *,
    missing: Any = (),
    names: str | Iterable[str] | None = None,
    no_header: bool = False,
    separator: str | None = None,
    decimal: str | None = None,
) -> pl.DataFrame:
    """Read all rows of a file; in text files, a model's inputs are read as in fitting.

    Parameters
    ----------
    path : path
    schemas : iterable of Schema
        The model's schemas.
    tasks : TaskSet
    missing, names, no_header, separator, decimal
        As in `read`. Markers of missing cells in fitting apply too, and the default decimal mark is
        that of fitting.
    """
    schemas, path = list(schemas), Path(path)
    text = [name for schema in schemas for name in _text_columns(schema, tasks)]
    marks = {schema.reading.decimal for schema in schemas}
    default = marks.pop() if len(marks) == 1 and is_text(path) else "."
    options = text_options(
        separator=separator, no_header=no_header, names=names, decimal=decimal or default
    )
    rules = FileRules(options, missing=missing, text=text, verbatim=text, every_row=True)
    table = open_file(path, rules).frame
    for schema in schemas:
        own = replace(schema.reading, decimal=options.decimal)
        table = conformed(table, replace(schema, reading=own), str(path.parent))
    return table


def _text_columns(schema: Schema, tasks: TaskSet) -> list[str]:
    """Columns to keep as text: inputs, which the schema reads, and task names such as “007”."""
    text = [column.name for column in schema.columns]
    if schema.own_rows and not survive_reading(tasks.names):
        text.append(schema.task_column or "task")
    return text


def source_rows_to_predict(
    paths: Mapping[str, Path],
    schemas: Mapping[str, Schema],
    tasks: TaskSet,
    *,
    missing: Any = (),
    separator: str | Mapping[str, str] | None = None,
    no_header: bool = False,
    names: str | Iterable[str] | Mapping[str, Any] | None = None,
    decimal: str | Mapping[str, str] | None = None,
) -> dict[str, pl.DataFrame]:
    """Read all rows of the files of several sources, each as in fitting.

    Parameters
    ----------
    paths : mapping of source name to path
    schemas : mapping of source name to Schema
        Schemas of a model.
    tasks : TaskSet
    missing
        As in `read`, for every source with such columns; ``SOURCE/COLUMN`` is for one.
    separator, no_header, names, decimal
        As in `open_sources`, for the text files; the decimal mark is that of fitting if none is
        given.
    """
    written = {"separator": separator, "names": names, "decimal": decimal}
    texts = [name for name, path in paths.items() if is_text(path)]
    options = source_text_options(paths, texts, no_header, **written)
    columns = SourceColumns(
        {
            name: file_columns(
                path, options.get(name, text_options()), [c.name for c in schemas[name].columns]
            )
            for name, path in paths.items()
        }
    )
    markers = markers_by_column(missing, columns)
    tables = {}
    for name, path in paths.items():
        how: dict[str, Any] = {}
        if name in texts:
            own = {option: of_source(value, name) for option, value in written.items()}
            how = {"no_header": no_header, **own}
        with about_source(name):
            tables[name] = rows_to_predict(
                path, [schemas[name]], tasks, missing=columns.of(name, markers), **how
            )
    return tables
