"""Abstract base class of encoders of text, tokens and sequences."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import nn

from polytask._validation import Choice, Constraint, Interval
from polytask.data import PART_ROLES, Part
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._sizes import WIDTH
from polytask.encoders._step_entry import StepEntry
from polytask.encoders._step_pooling import POOLINGS, pooling_stage
from polytask.exceptions import ParameterError

__all__ = ["SEQUENCE_CONSTRAINTS", "SequenceEncoder"]

SEQUENCE_CONSTRAINTS: Mapping[str, Constraint] = {
    **TABLE_CONSTRAINTS,
    "word_dim": WIDTH,
    "word_dropout": Interval(float, 0.0, 1.0, closed="left"),
    "dropout": Interval(float, 0.0, 1.0, closed="left"),
    "pooling": Choice((None, *POOLINGS)),
}
"""Constraints of the fields that every encoder of sequences has."""


class SequenceEncoder(Encoder):
    """Stages over the steps of text, tokens or sequences; a subclass has these fields and `layers`.

    Steps are kept for tasks that label them, and for other tasks heads take the mean over a row's
    steps, unless `pooling` makes one vector of them.

    Parameters
    ----------
    word_dim : int
        Width of the vectors of words, and of the numbers of a sequence.
    word_dropout : float in [0, 1)
        Probability of a word to be taken for an unknown one in training.
    dropout : float in [0, 1)
    pooling : {None, "last", "max", "mean", "attention"}
    embedding_dim : int
    numbers : NumericEmbedding or str
    """

    word_dim: int
    word_dropout: float
    dropout: float
    pooling: str | None

    takes: ClassVar[frozenset[str]] = frozenset(PART_ROLES)
    rows_at_once: ClassVar[int] = 1024
    training: ClassVar[Mapping[str, Any]] = {"clip_norm": 1.0}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = SEQUENCE_CONSTRAINTS

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The steps of a row, the rest of it beside each.

        Raises
        ------
        ParameterError
            If the rows have no steps.
        """
        if not any(part.has_steps for part in parts):
            got = ", ".join(part.name for part in parts)
            sentence = (
                f"The `encoder` parameter can be {type(self).__name__} where rows have text, tokens or "
                f"a sequence. Got {got}; declare a column's role, such as `--column NAME:text`, or "
                "choose MLP."
            )
            raise ParameterError(sentence)
        return StepEntry(parts, self.word_dim, self.word_dropout, self.embedding_dim, self.numbers)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The layers, and the pooling if there is one."""
        if len(shape) != 2:
            sentence = (
                f"The `encoder` parameter must let {type(self).__name__} start from steps (l, h). Got "
                f"rows of shape {shape}; choose MLP to go on from joined features."
            )
            raise ParameterError(sentence)
        layers, width = self.layers(shape[-1])
        return [*layers, *pooling_stage(self.pooling, width)]

    @abstractmethod
    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """Stages from steps (l, size) on, and the width of what the last one gives."""
