"""Any module as an encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor, nn

from polytask._naming import made
from polytask._reason import reason
from polytask._validation import (
    Constraint,
    InstanceOf,
    OneOf,
    Satisfies,
)
from polytask.data import Part
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._step_vectors import present_steps
from polytask.encoders._table_entry import TableEntry
from polytask.exceptions import ParameterError

__all__ = [
    "ENCODER",
    "CustomEncoder",
    "as_encoder",
    "is_factory",
    "named_encoder",
    "resolve_encoder",
]


def is_factory(value: object) -> bool:
    """Whether a value may build a module when called: no module, and no class of anything else."""
    if isinstance(value, type):
        return issubclass(value, nn.Module)
    return callable(value) and not isinstance(value, nn.Module)


_FACTORY = Satisfies(
    is_factory,
    "a factory of torch modules (a function that builds one, not a module itself), "
    "such as `lambda shape: nn.Linear(shape[0], 32)`",
)

ENCODER = OneOf((InstanceOf((Encoder,)), _FACTORY))


@dataclass(frozen=True)
class CustomEncoder(Encoder):
    """Any `nn.Module`, by a factory that receives the shape of a row.

    Parameters
    ----------
    factory : callable
        ``factory(shape) -> nn.Module`` that maps (n, *shape) to a vector per row (n, h), a
        sequence (n, l, h) or a map (n, c, height, width). The shape is that of one encoded row:
        ``(18,)`` where the columns become 18 numbers, or a tensor column's own shape, such as
        ``(3, 32, 32)``, where that is the only input. Of several sources it is the first's, and
        the module must take the rows of all. To be saved, a model needs a factory that is defined
        at the top of an importable module.
    embedding_dim : int, default 8
        Width of the category embedding.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns, by its recipe or by its name.

    Raises
    ------
    ParameterError
        If the factory cannot be called so or gives no module, or an image or other tensor stands
        beside other inputs; see `ByRole`.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.encoders import CustomEncoder
    >>> encoder = CustomEncoder(lambda shape: nn.Linear(shape[0], 32))
    >>> encoder.stages((18,))
    [Linear(in_features=18, out_features=32, bias=True)]
    """

    factory: Callable[[tuple[int, ...]], nn.Module]
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_apart: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "factory": _FACTORY,
    }

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """Pass a single tensor or image through; join other parts to one vector per row."""
        shaped = [part for part in parts if len(part.shape) > 1]
        if not shaped:
            return TableEntry(parts, self.embedding_dim, self.numbers, weighed=False)
        if len(parts) > 1:
            names = ", ".join(f"{part.name!r} ({part.role})" for part in parts)
            sentence = (
                "The `encoder` parameter must say how inputs of several shapes are read: a factory "
                f"receives one of them. Got {names}. Give an encoder for each role, such as "
                f"polytask.encoders.ByRole({{{shaped[0].role!r}: my_factory}})."
            )
            raise ParameterError(sentence)
        return _Sequence(parts[0].name) if parts[0].role == "sequence" else _OnePart(parts[0].name)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The factory's module as the only stage."""
        try:
            module = self.factory(shape)
        except TypeError as error:
            sentence = (
                "The `encoder` parameter's factory must build a torch.nn.Module from the shape of "
                f"a row. Called with {tuple(shape)}, it said: {reason(error, named=False)}."
            )
            raise ParameterError(sentence) from error
        if not isinstance(module, nn.Module):
            sentence = (
                "The `encoder` parameter's factory must return a torch.nn.Module. "
                f"Got {type(module).__name__} instead."
            )
            raise ParameterError(sentence)
        return [module]


class _OnePart(nn.Module):
    """Pass a single tensor or image through."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        return State(inputs[self.part])


class _Sequence(_OnePart):
    """Pass a sequence through with its mask; 0 where there is no step."""

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        steps = inputs[self.part]
        present = present_steps(steps)
        return State(steps.masked_fill(~present.unsqueeze(-1), 0.0), present)


def as_encoder(encoder: Encoder | Callable[..., Any] | str) -> Encoder:
    """Wrap a module factory; leave a recipe as it is."""
    assert not isinstance(encoder, str)  # noqa: S101 - names were resolved
    return encoder if isinstance(encoder, Encoder) else CustomEncoder(encoder)


def named_encoder(name: str, what: str) -> Encoder:
    """The recipe that a name means, at its defaults."""
    encoder: Encoder = made(name, "polytask.encoders", what, Encoder, imports=True)
    return encoder


def resolve_encoder(architecture: Any) -> None:
    """Replace the name in the field `encoder` of a frozen recipe by the recipe that it means.

    Raises
    ------
    ParameterError
        If an initialiser would draw weights anew that come from a file.
    """
    if isinstance(architecture.encoder, str):
        encoder = named_encoder(architecture.encoder, "encoder")
        object.__setattr__(architecture, "encoder", encoder)
    drawn, encoder = getattr(architecture, "initializer", None), architecture.encoder
    if drawn is not None and isinstance(encoder, Encoder) and not encoder.starts_drawn:
        sentence = (
            f"The `initializer` parameter of {type(architecture).__name__} must be None where weights of "
            f"the encoder come from a file. Got {drawn!r} instead; leave it out."
        )
        raise ParameterError(sentence)
