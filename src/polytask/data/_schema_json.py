"""Schemas as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from polytask.data._column import Column
from polytask.data._fit_columns import ENCODERS
from polytask.data._reading import Reading
from polytask.data._schema import Schema
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
    return {
        "source": schema.source,
        "columns": [{"encoder": column.encoder, **asdict(column)} for column in schema.columns],
        "targets": targets,
        "tasks": {name: positions[id(fitted)] for name, fitted in schema.targets.items()},
        "task_column": schema.task_column,
        "own_rows": schema.own_rows,
        "reading": schema.reading.to_json(),
    }


def schema_from_json(value: Mapping[str, Any]) -> Schema:
    """Build what `schema_to_json` wrote."""
    targets = [FittedTarget(**_tuples(fitted)) for fitted in value["targets"]]
    return Schema(
        value["source"],
        tuple(_column(column) for column in value["columns"]),
        {name: targets[position] for name, position in value["tasks"].items()},
        value["task_column"],
        value["own_rows"],
        Reading.from_json(value["reading"]) if "reading" in value else Reading(),
    )


def _column(value: Mapping[str, Any]) -> Column:
    fields = _tuples(value)
    name = fields.pop("encoder")
    for encoder in ENCODERS:
        if encoder.encoder == name:
            return encoder(**fields)
    known = ", ".join(encoder.encoder for encoder in ENCODERS)
    sentence = (
        f"A saved schema names the column encoder {name!r}, which is unknown. Known: {known}."
    )
    raise BundleError(sentence)


def _tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
