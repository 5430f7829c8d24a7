"""Bags of hashed n-grams of the words of text or tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Each, Interval
from polytask.data import Part
from polytask.encoders._encoder import Encoder
from polytask.encoders._mlp import MLP
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sequence_encoder import SEQUENCE_CONSTRAINTS
from polytask.encoders._sizes import WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._step_vectors import forgotten_words
from polytask.encoders._table_entry import TableEntry
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["NGramBag"]

_FACTOR, _MODULUS = 1_000_003, 2**31 - 1
"""Of the hash of codes: products stay below 2**63."""


@dataclass(frozen=True)
class NGramBag(Encoder):
    r"""The mean vector of a row's words and of its hashed n-grams, then fully connected layers.

    .. math:: h_0 = \mathrm{dropout}\left(\frac{1}{|G|} \sum_{g \in G} E_g\right), \qquad
              h_l = \mathrm{dropout}(\mathrm{relu}(W_l h_{l-1} + b_l))

    where G holds all runs of 1 to `most_words` neighbouring words of the row. Words have vectors of
    their own, longer runs share those of `buckets` hashes.

    Parameters
    ----------
    widths : tuple of int, default (128,)
        Units of each layer, of which each is a stage; ``()`` gives linear models of the mean.
    most_words : int, default 2
        Words of the longest n-grams.
    buckets : int, default 32768
        Vectors that n-grams of at least two words share.
    dropout : float in [0, 1), default 0.5
        Of the mean and of what each layer gives.
    word_dim : int, default 64
        Width of the vectors.
    word_dropout : float in [0, 1), default 0.05
        Probability of a word to be taken for an unknown one in training.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their words.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the words.

    Notes
    -----
    Deviations: layers between the mean and the outputs, dropout, and vectors that begin as normal
    draws of deviation 0.1. A row without words has a mean of 0. Hashes depend on the codes of words,
    not on the words.

    References
    ----------
    Joulin, Grave, Bojanowski and Mikolov, "Bag of tricks for efficient text classification", EACL
    2017.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import NGramBag
    >>> HardSharing(NGramBag(most_words=3)).encoder.buckets
    32768
    """

    widths: tuple[int, ...] = (128,)
    most_words: int = 2
    buckets: int = 32768
    dropout: float = 0.5
    word_dim: int = 64
    word_dropout: float = 0.05
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 1024
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(((128,), (), (256,), (128, 128)), (128,)),
        "most_words": Range(1, 3, default=2, integer=True),
        "dropout": Range(0.0, 0.7, default=0.5),
        "word_dim": Choices((64, 32, 128)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **{name: of for name, of in SEQUENCE_CONSTRAINTS.items() if name != "pooling"},
        "widths": Each(WIDTH),
        "most_words": Interval(int, 1, 10),
        "buckets": Interval(int, 1, 10_000_000),
    }

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The mean of a row's words and n-grams, the rest of the row beside it.

        Raises
        ------
        ParameterError
            If the rows have no words.
        """
        if not any(part.has_words for part in parts):
            got = ", ".join(part.name for part in parts)
            sentence = (
                "The `encoder` parameter can be NGramBag where rows have text or tokens. Got "
                f"{got}; declare a column's role, such as `--column NAME:text`, or choose MLP."
            )
            raise ParameterError(sentence)
        return _Entry(parts, self)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """One module per layer."""
        return MLP(self.widths, dropout=self.dropout).stages(shape)


class _Entry(nn.Module):
    """Bags of all parts of words, and the rest of a row, as one vector."""

    def __init__(self, parts: Sequence[Part], recipe: NGramBag) -> None:
        super().__init__()
        worded = [part for part in parts if part.has_words]
        rest = [part for part in parts if not part.has_words]
        self.names = tuple(part.name for part in worded)
        self.bags = nn.ModuleList(_Bag(part.cardinalities[0], recipe) for part in worded)
        self.rest = TableEntry(rest, recipe.embedding_dim, recipe.numbers) if rest else None

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        vectors = [bag(inputs[name]) for name, bag in zip(self.names, self.bags, strict=True)]
        if self.rest is not None:
            vectors.append(self.rest(inputs).values)
        return State(torch.cat(vectors, dim=-1))


class _Bag(nn.Module):
    """The mean vector of the words and n-grams of one part."""

    def __init__(self, vocabulary: int, recipe: NGramBag) -> None:
        super().__init__()
        self.vocabulary, self.recipe = vocabulary, recipe
        buckets = recipe.buckets if recipe.most_words > 1 else 0
        self.table = nn.Embedding(vocabulary + buckets, recipe.word_dim, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.1)
        with torch.no_grad():
            self.table.weight[0] = 0.0
        self.dropout = nn.Dropout(recipe.dropout)

    def forward(self, codes: Tensor) -> Tensor:
        """Means (n, h) of codes (n, l), of which 0 is no word."""
        codes = forgotten_words(codes.long(), self.recipe.word_dropout if self.training else 0.0)
        grams, hashed = [codes], codes
        for reach in range(1, min(self.recipe.most_words, codes.shape[1])):
            last = codes[:, reach:]
            hashed = (hashed[:, :-1] * _FACTOR + last) % _MODULUS
            bucket = self.vocabulary + hashed % self.recipe.buckets
            grams.append(torch.where(last > 0, bucket, 0))
        places = torch.cat(grams, dim=1)
        present = (places > 0).unsqueeze(-1)  # the vector of no word may learn in stacked copies
        sums = (self.table(places) * present).sum(dim=1)
        means: Tensor = self.dropout(sums / present.sum(dim=1).clamp(min=1))
        return means
