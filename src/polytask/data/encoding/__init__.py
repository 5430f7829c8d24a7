"""Rows as arrays: schemas fitted on training rows, blocks of tasks, and batches.

Begin with ``_schema.py``, which encodes the inputs of a source, then ``_block.py`` and
``_encode.py``. ``_as_source.py`` and ``_conform.py`` read new tables as the training table.
"""

from polytask.data.encoding._as_source import as_source
from polytask.data.encoding._batch import Batch, BlockTargets, MixedTargets, SourceBatch
from polytask.data.encoding._bins import Bins
from polytask.data.encoding._block import Block, make_blocks, tasks_in_source
from polytask.data.encoding._encode import encode
from polytask.data.encoding._fit_schemas import fit_schemas
from polytask.data.encoding._part import PART_ROLES, Part, part_has_steps
from polytask.data.encoding._rows_to_predict import rows_to_predict, source_rows_to_predict
from polytask.data.encoding._schema import Schema
from polytask.data.encoding._schema_json import schema_from_json, schema_to_json
from polytask.data.encoding._unseen import unseen_notes

__all__ = [
    "PART_ROLES",
    "Batch",
    "Bins",
    "Block",
    "BlockTargets",
    "MixedTargets",
    "Part",
    "Schema",
    "SourceBatch",
    "as_source",
    "encode",
    "fit_schemas",
    "make_blocks",
    "part_has_steps",
    "rows_to_predict",
    "schema_from_json",
    "schema_to_json",
    "source_rows_to_predict",
    "tasks_in_source",
    "unseen_notes",
]
