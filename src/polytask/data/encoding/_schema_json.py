"""Conversion of schemas to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from polytask._plain import from_plain, to_plain
from polytask._reason import reason
from polytask._validation import check_parameters
from polytask.data.cells import (
    COLUMN_ROLES,
    MOST_BUCKETS,
    MOST_STEPS,
    ImageForm,
    Reading,
    is_date_form,
)
from polytask.data.columns import ENCODERS, Column, PiecesColumn
from polytask.data.encoding._learned_bins import LearnedBins
from polytask.data.encoding._schema import Schema
from polytask.exceptions import BundleError
from polytask.tasks import FittedTarget

__all__ = ["schema_from_json", "schema_to_json"]


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Write a schema as plain JSON values."""
    targets: list[dict[str, Any]] = []
    positions: dict[int, int] = {}
    for fitted in schema.targets.values():  # own-row tasks share theirs
        if id(fitted) not in positions:
            positions[id(fitted)] = len(targets)
            targets.append(asdict(fitted))
    bins = {} if schema.bins is None else {"bins": to_plain(schema.bins)}
    pieces = dict.fromkeys(c.pieces for c in schema.columns if isinstance(c, PiecesColumn))
    tokenizers = {"tokenizers": list(pieces)} if pieces else {}  # each once, since they are long
    places = {text: place for place, text in enumerate(pieces)}
    return {
        "source": schema.source,
        "columns": [_written(column, places) for column in schema.columns],
        "targets": targets,
        "tasks": {name: positions[id(fitted)] for name, fitted in schema.targets.items()},
        "task_column": schema.task_column,
        "own_rows": schema.own_rows,
        "reading": schema.reading.to_json(),
        **bins,
        **tokenizers,
    }


def _written(column: Column, tokenizers: Mapping[str, int]) -> dict[str, Any]:
    fields = {"encoder": column.encoder, **asdict(column)}
    return {**fields, "pieces": tokenizers[fields["pieces"]]} if "pieces" in fields else fields


@dataclass(frozen=True)
class _Saved:
    """A schema as `schema_to_json` writes it."""

    source: str
    columns: tuple[Mapping[str, Any], ...]
    targets: tuple[FittedTarget, ...]
    tasks: Mapping[str, int]
    task_column: str | None
    own_rows: bool
    reading: Reading = field(default_factory=Reading)
    bins: LearnedBins | None = None
    tokenizers: tuple[str, ...] = ()


def schema_from_json(value: object) -> Schema:
    """Build what `schema_to_json` wrote.

    Raises
    ------
    BundleError
        If a field is missing or unknown, or holds what no fit could have given.
    """
    try:
        saved = from_plain(_Saved, value)
        columns = tuple(_column(column, saved.tokenizers) for column in saved.columns)
        _check(saved, columns)
    except (ValueError, OverflowError) as error:
        raise BundleError(
            f"A saved schema does not make sense: {reason(error, named=False)}."
        ) from error
    return Schema(
        saved.source,
        columns,
        {name: saved.targets[position] for name, position in saved.tasks.items()},
        saved.task_column,
        saved.own_rows,
        saved.reading,
        saved.bins,
    )


def _column(value: Mapping[str, Any], tokenizers: Sequence[str]) -> Column:
    fields = dict(value)
    name = fields.pop("encoder", None)
    if name == PiecesColumn.encoder:
        place = fields.get("pieces")
        if type(place) is not int or not 0 <= place < len(tokenizers):
            raise ValueError(f"the tokenizer of column {fields.get('name')!r} is missing.")
        fields["pieces"] = tokenizers[place]
    for encoder in ENCODERS:
        if encoder.encoder == name:
            column = from_plain(encoder, fields)
            check_parameters(column)
            return column
    known = ", ".join(encoder.encoder for encoder in ENCODERS)
    raise ValueError(f"it names the column encoder {name!r}, which is unknown. Known: {known}.")


def _check(saved: _Saved, columns: tuple[Column, ...]) -> None:
    names = [column.name for column in columns]
    if not names or len(set(names)) < len(names):
        raise ValueError("its columns must have names, each its own.")
    if not saved.tasks or not all(0 <= p < len(saved.targets) for p in saved.tasks.values()):
        raise ValueError("every task must have a target.")
    if saved.own_rows and saved.task_column is None:
        raise ValueError("rows of tasks of their own need a column that names the task.")
    _check_reading(saved.reading)
    for column in columns:
        problem = column.problem() if isinstance(column, PiecesColumn) else None
        if problem is not None:
            raise ValueError(f"{problem}.")
    if saved.bins is not None:
        n_numeric = sum(column.width for column in columns if column.part == "numeric")
        problem = saved.bins.problem(n_numeric)
        if problem is not None:
            raise ValueError(f"{problem}.")


def _check_reading(reading: Reading) -> None:
    if reading.decimal not in {".", ","} or not set(reading.roles.values()) <= {*COLUMN_ROLES}:
        raise ValueError("columns have roles, or numbers a decimal mark, that are unknown.")
    for form in reading.dates.values():
        if not is_date_form(form):
            raise ValueError(f"no dates are written {form!r}.")
    if not all(1 <= count <= MOST_BUCKETS for count in reading.buckets.values()):
        raise ValueError(f"identifiers have 1 to {MOST_BUCKETS:,} buckets.")
    if not all(1 <= steps <= MOST_STEPS for steps in reading.lengths.values()):
        raise ValueError(f"texts and sequences have 1 to {MOST_STEPS:,} steps.")
    for image in reading.images.values():
        ImageForm.of(image)
    if reading.folder:
        raise ValueError("it names a folder, which is none of a model's business.")
