"""The first layer for sequences: the steps of a row as vectors, with a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._state import State
from polytask.encoders._step_vectors import forgotten_words, present_steps
from polytask.encoders._table_entry import TableEntry

__all__ = ["StepEntry"]


class StepEntry(nn.Module):
    r"""Words as vectors and numbers of sequences through a linear layer, step by step.

    The rest of a row (numbers, categories, tensors) stands as one vector beside each of its steps.
    Steps of several parts follow one another. A row without any step that has other parts keeps
    them in one step, of a vector of its own.

    Parameters
    ----------
    parts : sequence of Part
        At least one of text, tokens or a sequence.
    width : int
        Of a step's vector, without the rest of the row.
    word_dropout : float
        Probability of a word to be taken for an unknown one in training, so that the vector of
        unknown words is that of any word.
    embedding_dim : int
        Width of the category embedding.
    numbers : NumericEmbedding or str
        Embedding of the numeric columns.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._step_entry import StepEntry
    >>> entry = StepEntry([Part("text:note", "text", (3,), (9,))], 4, 0.0, 8, "standardized")
    >>> state = entry({"text:note": torch.tensor([[2, 5, 0]])})
    >>> state.values.shape, state.mask
    (torch.Size([1, 3, 4]), tensor([[ True,  True, False]]))
    """

    def __init__(
        self,
        parts: Sequence[Part],
        width: int,
        word_dropout: float,
        embedding_dim: int,
        numbers: NumericEmbedding | str,
    ) -> None:
        super().__init__()
        stepped = [part for part in parts if part.has_steps]
        rest = [part for part in parts if not part.has_steps]
        self.names = tuple(part.name for part in stepped)
        self.word_dropout = word_dropout
        self.steps = nn.ModuleList(_of_part(part, width) for part in stepped)
        self.rest = TableEntry(rest, embedding_dim, numbers) if rest else None
        self.empty = nn.Parameter(torch.zeros(width)) if rest else None

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """The steps of n rows, (n, l, h), and which of them rows have."""
        steps = [
            self._embedded(layer, inputs[name])
            for name, layer in zip(self.names, self.steps, strict=True)
        ]
        values, mask = steps[0] if len(steps) == 1 else _one_after_another(steps)
        if self.rest is None or self.empty is None:
            return State(values, mask)
        first = torch.arange(mask.shape[1], device=mask.device) == 0
        alone = ~mask.any(dim=1, keepdim=True) & first
        values = torch.where(alone.unsqueeze(-1), self.empty, values)
        row = self.rest(inputs).values.unsqueeze(1).expand(-1, values.shape[1], -1)
        return State(torch.cat([values, row], dim=-1), mask | alone)

    def _embedded(self, layer: nn.Module, array: Tensor) -> tuple[Tensor, Tensor]:
        mask = present_steps(array)
        if array.is_floating_point():
            return layer(array.nan_to_num()), mask
        return layer(forgotten_words(array, self.word_dropout if self.training else 0.0)), mask


def _of_part(part: Part, width: int) -> nn.Module:
    if part.role == "sequence":
        return nn.Linear(part.shape[-1], width)
    return nn.Embedding(part.cardinalities[0], width, padding_idx=0)


def _one_after_another(steps: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Steps of several parts and their masks, those that rows have first."""
    values = torch.cat([own for own, _ in steps], dim=1)
    mask = torch.cat([own for _, own in steps], dim=1)
    order = (~mask).to(torch.uint8).argsort(dim=1, stable=True)
    places = order.unsqueeze(-1).expand(-1, -1, values.shape[-1])
    return values.gather(1, places), mask.gather(1, order)
