"""The contract of an encoder: a sequence of stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from polytask._reason import reason
from polytask._validation import (
    Constraint,
    InstanceOf,
    Interval,
    OneOf,
    Satisfies,
    check_parameters,
)
from polytask.exceptions import ParameterError

__all__ = ["ENCODER", "CustomEncoder", "Encoder", "as_encoder", "out_features"]

_FACTORY = Satisfies(
    lambda value: callable(value) and not isinstance(value, nn.Module),
    "a factory of torch modules (a function that builds one, not a module itself), "
    "such as `lambda in_shape: nn.Linear(in_shape[0], 32)`",
)


class Encoder(ABC):
    """A recipe for stages; sharing is stated per stage.

    Attributes
    ----------
    embedding_dim : int
        Numbers a category becomes before the first stage.
    """

    embedding_dim: int

    @abstractmethod
    def stages(self, in_shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """Build modules that map (n, *in_shape) to (n, h), one after another."""


ENCODER = OneOf((InstanceOf((Encoder,)), _FACTORY))


@dataclass(frozen=True)
class CustomEncoder(Encoder):
    """Any `nn.Module`, by a factory that is told the shape of a row.

    Parameters
    ----------
    factory : callable
        ``factory(in_shape) -> nn.Module`` that maps (n, *in_shape) to (n, h). In_shape is the
        shape of one encoded row: ``(18,)`` where the columns become 18 numbers, or a tensor
        column's own shape, such as ``(3, 32, 32)``, where that is the only input. To be saved,
        a model needs a factory that is defined at the top of an importable module.
    embedding_dim : int, default 8
        Numbers a category becomes before the module.

    Raises
    ------
    ParameterError
        If the factory cannot be called so or gives no module, or its output is not (n, h).

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures import CustomEncoder
    >>> encoder = CustomEncoder(lambda in_shape: nn.Linear(in_shape[0], 32))
    >>> encoder.stages((18,))
    [Linear(in_features=18, out_features=32, bias=True)]
    """

    factory: Callable[[tuple[int, ...]], nn.Module]
    embedding_dim: int = 8

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "factory": _FACTORY,
        "embedding_dim": Interval(int, 1),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def stages(self, in_shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The factory's module as the only stage."""
        try:
            module = self.factory(in_shape)
        except TypeError as error:
            sentence = (
                "The `encoder` parameter's factory must build a torch.nn.Module from `in_shape`. "
                f"Called with in_shape={tuple(in_shape)}, it said: {reason(error, named=False)}."
            )
            raise ParameterError(sentence) from error
        if not isinstance(module, nn.Module):
            sentence = (
                "The `encoder` parameter's factory must return a torch.nn.Module. "
                f"Got {type(module).__name__} instead."
            )
            raise ParameterError(sentence)
        return [module]


def as_encoder(encoder: Encoder | Callable[..., Any]) -> Encoder:
    """Wrap a module factory; leave a recipe as it is."""
    return encoder if isinstance(encoder, Encoder) else CustomEncoder(encoder)


def out_features(stages: Sequence[nn.Module], in_shape: tuple[int, ...]) -> int:
    """Width h that the stages give, found by passing two rows of zeros through them."""
    trunk = nn.Sequential(*stages)
    training = trunk.training
    trunk.eval()
    with torch.no_grad():
        features = trunk(torch.zeros((2, *in_shape)))
    trunk.train(training)
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        got = (
            tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        )
        sentence = f"The `encoder` parameter must give features of shape (n, h). Got {got} instead."
        raise ParameterError(sentence)
    return int(features.shape[1])
