"""The entries of all sources into one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import nn

from polytask.architectures._out_of_place import out_of_place
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._encoder import check_roles, entered_sample
from polytask.encoders._first_stage import enter
from polytask.encoders._pooling import feature_shape, pooled_width
from polytask.exceptions import ParameterError

__all__ = ["Inputs"]


class Inputs(Owner, nn.ModuleList):
    """An encoder's entry for each source, so that rows of all sources enter one network.

    Sources whose entries give vectors meet in the largest width, each by a linear layer of its
    own; so do the steps of sequences of several widths, and the places of maps of several numbers of
    channels. Other sequences, images and maps enter as they are.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    owner : str, default "the architecture"
        Whose `encoder` it is, for errors.
    tasks : sequence of str, optional
        Tasks whose labels the bins of numeric columns may come from; by default those of the
        source.

    Attributes
    ----------
    shapes : dict of source name to tuple of int
        Shape of a row's values after the entry; equal for all sources where they are vectors.
    shape : tuple of int
        That of the first source.

    Raises
    ------
    ParameterError
        If the encoder cannot read a part, or entries give values of several forms.
    """

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        owner: str = "the architecture",
        tasks: Sequence[str] | None = None,
    ) -> None:
        parts = {
            name: schema.parts if tasks is None else schema.parts_for(tasks)
            for name, schema in schemas.items()
        }
        for name in schemas:
            check_roles(owner, encoder, name, parts[name])
        super().__init__([out_of_place(encoder.entry(parts[name])) for name in schemas])
        self.sources = tuple(schemas)
        self.tasks_of = {name: tuple(schema.targets) for name, schema in schemas.items()}
        self._parts = parts
        self.shapes = {name: feature_shape(self.sample(name).values) for name in self.sources}
        forms = {len(shape) for shape in self.shapes.values()}
        if len(forms) > 1:
            raise ParameterError(_several_forms(owner, self.shapes))
        widths = {pooled_width(shape) for shape in self.shapes.values()}
        if len(schemas) > 1 and (forms == {1} or (forms <= {2, 3} and len(widths) > 1)):
            if not encoder.meets:
                raise ParameterError(_several_widths(owner, encoder, self.shapes))
            self._meet(max(widths))

    def _meet(self, width: int) -> None:
        for position, (name, shape) in enumerate(self.shapes.items()):
            linear = nn.Linear if len(shape) < 3 else partial(nn.Conv2d, kernel_size=1)
            self[position] = _Adapted(self[position], linear(pooled_width(shape), width))
            self.shapes[name] = (*shape[:-1], width) if len(shape) < 3 else (width, *shape[1:])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row of the first source."""
        return self.shapes[self.sources[0]]

    def sample(self, source: str) -> State:
        """Entry's output for two rows of zeros of a source, used to determine shapes."""
        return entered_sample(self[self.sources.index(source)], self._parts[source])

    def forward(self, batch: Batch) -> dict[str, State]:
        """States of the rows of every source in the batch."""
        return {
            name: entry(batch[name].inputs)
            for name, entry in zip(self.sources, self, strict=True)
            if name in batch
        }

    def owners(self) -> Sequence[Owned]:
        """Entries serve the tasks of their source."""
        return [
            owned
            for name, entry in zip(self.sources, self, strict=True)
            for owned in owned_by(entry, self.tasks_of[name])
        ]


class _Adapted(nn.Module):
    """An entry, and a linear layer to the width in which sources meet."""

    def __init__(self, entry: nn.Module, adapter: nn.Module) -> None:
        super().__init__()
        self.entry, self.adapter = entry, adapter

    def forward(self, inputs: Mapping[str, torch.Tensor]) -> State:
        return enter(self.entry, self.adapter, inputs)


def _several_widths(owner: str, encoder: Encoder, shapes: Mapping[str, tuple[int, ...]]) -> str:
    listed = ", ".join(f"{shape} of {name!r}" for name, shape in shapes.items())
    return (
        f"The `encoder` parameter of {owner} can be {type(encoder).__name__} where all sources, or none, "
        f"have columns beside their text, since its weights take rows of one width. Got {listed}; drop "
        "these columns, or choose LSTM."
    )


def _several_forms(owner: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    listed = ", ".join(f"{shape} of {name!r}" for name, shape in shapes.items())
    return (
        f"The `encoder` parameter of {owner} must bring the rows of all sources to one form. Got "
        f"{listed}. Give an encoder for each role, such as polytask.encoders.ByRole, whose vectors "
        "can meet."
    )
