"""The contract of an encoder: a sequence of stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from polytask.exceptions import ParameterError

__all__ = ["CustomEncoder", "Encoder", "as_encoder", "out_features"]


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


@dataclass(frozen=True)
class CustomEncoder(Encoder):
    """Any `nn.Module`, by a factory that is told the shape of a row.

    Parameters
    ----------
    factory : callable
        ``factory(in_shape) -> nn.Module`` that maps (n, *in_shape) to (n, h). In_shape is
        ``(width,)``, or a tensor column's own shape where that is the only input.
    embedding_dim : int, default 8
        Numbers a category becomes before the module.

    Raises
    ------
    ParameterError
        If the factory gives no module, or its output is not (n, h).

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures import CustomEncoder
    >>> encoder = CustomEncoder(lambda in_shape: nn.Linear(*in_shape, 16))
    >>> encoder.stages((4,))
    [Linear(in_features=4, out_features=16, bias=True)]
    """

    factory: Callable[[tuple[int, ...]], nn.Module]
    embedding_dim: int = 8

    def stages(self, in_shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The factory's module as the only stage."""
        module = self.factory(in_shape)
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
