"""The skeleton of networks in which all tasks enter by one encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["EncoderNetwork"]


class EncoderNetwork(MultiTaskModule):
    """A network with the entries of one encoder; its heads answer from its features.

    Parameters
    ----------
    owner : str
        The recipe's name, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    inputs : Inputs, optional
        Entries, by default those of the encoder.

    Attributes
    ----------
    inputs : Inputs
    heads : Heads
        Which a subclass makes, unless it has an `answer` of its own.
    """

    heads: Any

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        inputs: Inputs | None = None,
    ) -> None:
        super().__init__(schemas, tasks)
        self.rows_apart, self.n_members = encoder.rows_apart, encoder.members
        self.inputs = Inputs(encoder, schemas, owner) if inputs is None else inputs

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the features."""
        return self.heads(features, batch)
