"""All rows of a data set as one batch of tensors."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.architectures import MultiTaskModule
from polytask.data import MultiTaskDataset, Schema, SourceBatch, encode
from polytask.training import to_tensors

__all__ = ["encoded_for"]


def encoded_for(
    network: MultiTaskModule, data: MultiTaskDataset, schemas: Mapping[str, Schema]
) -> dict[str, SourceBatch]:
    """The data set's rows as tensors, with labels block by block."""
    return to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
