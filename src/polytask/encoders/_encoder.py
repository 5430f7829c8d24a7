"""Abstract base class of encoders: an entry for the parts of a row, then stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, check_parameters
from polytask.data import PART_ROLES, STEP_ROLES, Bins, Part, Tokenizer
from polytask.encoders._numeric_embedding import (
    NUMBERS,
    NumericEmbedding,
    as_embedding,
    resolve_numbers,
)
from polytask.encoders._sizes import WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._table_entry import TableEntry
from polytask.exceptions import ParameterError

__all__ = [
    "TABLE_CONSTRAINTS",
    "TABLE_ROLES",
    "Encoder",
    "check_roles",
    "entered_sample",
    "sample_of",
]

TABLE_ROLES = frozenset({"numeric", "categorical", "image", "tensor", "smiles", *STEP_ROLES})
"""Roles that the default entry lays out as one vector per row."""
TABLE_CONSTRAINTS: Mapping[str, Constraint] = {
    "embedding_dim": WIDTH,
    "numbers": NUMBERS,
}
"""Constraints of the fields that the default entry reads."""


class Encoder(ABC):
    """A recipe for an entry and stages; sharing is stated per stage.

    A frozen dataclass of plain arguments, which are checked against its `parameter_constraints`,
    if it declares any. An encoder for tables defines `stages` alone.

    Attributes
    ----------
    takes : frozenset of str
        Roles of the parts that it can read; see `polytask.data.Part`.
    rows_apart : bool
        Whether a row's features depend on that row alone, but for batch statistics. Gradients of
        tasks with rows of their own are then computed in one backward pass.
    embedding_dim : int
        Width of the category embedding in the default entry.
    numbers : NumericEmbedding or str
        Embedding of the numeric columns in the default entry.
    rows_at_once : int
        How many rows are scored at once without gradients; fewer where a row becomes many numbers.
    members : int
        Members of the ensemble that it holds, 1 for most. The entry then gives that many rows for
        each that it is given, the members of a row one after another, and stages keep that order.
    training : mapping of str to object, default {}
        Settings of `polytask.training.Trainer` that suit networks with this encoder, such as
        ``{"optimizer": "adamw", "scheduler": "cosine_with_warmup"}``. A network whose trainer is
        not given is trained with them.
    starts_drawn : bool, default True
        Whether its weights start as drawn, so that an architecture's `initializer` may draw them.
    meets : bool, default True
        Whether rows of sources whose entries give other widths may meet through linear layers.
    tuned : tuple of str, default ()
        Names of its settings that a comparison tries before those of the trainer, in this order.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from torch import nn
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import Encoder
    >>> @dataclass(frozen=True)
    ... class Narrow(Encoder):
    ...     width: int = 4
    ...
    ...     def stages(self, shape):
    ...         return [nn.Linear(*shape, self.width), nn.Tanh()]
    >>> HardSharing(encoder=Narrow()).encoder.stages((18,))
    [Linear(in_features=18, out_features=4, bias=True), Tanh()]
    """

    takes: ClassVar[frozenset[str]] = TABLE_ROLES
    rows_apart: ClassVar[bool] = True
    rows_at_once: ClassVar[int] = 16384
    by_name: ClassVar[tuple[str, ...]] = ("numbers",)
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = Standardized()
    members: int = 1
    training: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    starts_drawn: ClassVar[bool] = True
    meets: ClassVar[bool] = True
    tuned: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        recipe: Any = self
        resolve_numbers(recipe)
        if hasattr(recipe, "parameter_constraints"):
            check_parameters(recipe)

    @property
    def bins(self) -> Bins | None:
        """Bins of numeric columns that the schema must learn for `entry`; None if it needs none."""
        return as_embedding(self.numbers).bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """Tokenizer that makes the pieces of words that `entry` reads; None for words as they stand."""
        return None

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """Build the module that maps a source's inputs by name to a `State`.

        Parameters
        ----------
        parts : sequence of Part
            Of one source, with roles among `takes`.

        Returns
        -------
        nn.Module
            By default one vector per row: embedded numbers and categories, flattened tensors,
            means of word vectors, statistics of sequences, grids of images.
        """
        return TableEntry(parts, self.embedding_dim, self.numbers)

    @abstractmethod
    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """Build modules that go on from the entry's values, (n, *shape), one after another.

        Each maps values to values, or is a `MaskedStage`. What the last one gives is a vector per
        row, a sequence or a map; heads pool what they need.
        """


def check_roles(owner: str, encoder: Encoder, source: str, parts: Sequence[Part]) -> None:
    """Refuse parts that an encoder cannot read.

    Raises
    ------
    ParameterError
        Naming the source, the part and its role, and what the encoder reads.
    """
    for part in parts:
        if part.role not in encoder.takes:
            roles = ", ".join(role for role in PART_ROLES if role in encoder.takes)
            sentence = (
                f"The `encoder` parameter of {owner} must read what source {source!r} holds. "
                f"{part.name!r} is {part.role} of shape {part.shape}, and "
                f"{type(encoder).__name__} reads {roles}. Choose another encoder, or drop the "
                "column."
            )
            raise ParameterError(sentence)


def sample_of(parts: Sequence[Part]) -> Mapping[str, Tensor]:
    """Two rows of zeros in the shapes of the parts, used to determine output shapes.

    Examples
    --------
    >>> from polytask.encoders._encoder import sample_of
    >>> sample_of([Part("numeric", "numeric", (3,))])["numeric"].shape
    torch.Size([2, 3])
    """
    return {
        part.name: torch.zeros(2, *part.shape, dtype=torch.int32 if part.cardinalities else None)
        for part in parts
    }


def entered_sample(entry: nn.Module, parts: Sequence[Part]) -> State:
    """Output of an entry for two rows of zeros.

    Raises
    ------
    ParameterError
        If that is no `State`.
    """
    training = entry.training
    with torch.no_grad():
        state = entry.eval()(sample_of(parts))
    entry.train(training)
    if isinstance(state, State):
        return state
    sentence = (
        "The `encoder` parameter must have an `entry` that gives a polytask.encoders.State. "
        f"{type(entry).__name__} gave {type(state).__name__} instead; wrap it: State(values)."
    )
    raise ParameterError(sentence)
