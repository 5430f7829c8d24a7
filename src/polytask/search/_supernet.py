"""Abstract base class of networks that hold all structures of a search."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._encoder_network import EncoderNetwork
from polytask.search._structure import Groups

__all__ = ["Supernet", "load_copies", "relaxed"]


class Supernet(EncoderNetwork):
    """A network that holds all structures of a search; its choices are weights of a softmax.

    Attributes
    ----------
    policy : nn.ParameterList
        Logits of the choices.
    choices : list of tensor
        The weights of the choices in the next passes, of the shapes of `policy`.
    stage_sizes : list of int
        Parameters of each stage.
    shapes : tuple of tuple of int
        Shape of a row before the first stage and after each.
    """

    policy: nn.ParameterList
    choices: list[Tensor]
    stage_sizes: list[int]
    shapes: tuple[tuple[int, ...], ...]

    @abstractmethod
    def logits(self) -> list[Tensor]:
        """Logits of the choices; of those that cannot be taken a very low number."""

    def draw(self, temperature: float, generator: torch.Generator | None) -> list[Tensor]:
        """Draw weights of the choices; without a generator, at their probabilities."""
        return [relaxed(logits, temperature, generator) for logits in self.logits()]

    def together(self) -> list[Tensor]:
        """Choices by which all tasks share everything: the first of each softmax."""
        rows = [torch.zeros_like(logits) for logits in self.policy]
        for row in rows:
            row[:, 0] = 1.0
        return rows

    def begin(self) -> None:
        """Prepare for the choices, after weights have learned with all tasks together."""

    def open(self, done: float) -> None:
        """Open further choices at a progress in [0, 1]; all are open by default."""
        del done

    def keep_open(self) -> None:
        """Change logits after each of their steps; nothing by default."""

    @abstractmethod
    def structure(self) -> Groups:
        """Groups per stage by the likeliest choices; tasks in none of them skip the stage."""


def relaxed(
    logits: Float[Tensor, "*n choices"], temperature: float, generator: torch.Generator | None
) -> Float[Tensor, "*n choices"]:
    """A draw of the Gumbel-softmax distribution per row; the probabilities without a generator."""
    if generator is None:
        return torch.softmax(logits, dim=-1)
    uniform = torch.rand(logits.shape, generator=generator)
    noise = -torch.log(-torch.log(uniform.clamp(1e-7, 1 - 1e-7))).to(logits.device)
    return torch.softmax((torch.log_softmax(logits, dim=-1) + noise) / temperature, dim=-1)


def load_copies(copies: nn.Module, state: Mapping[str, Tensor] | None = None) -> None:
    """Give every copy the tensors of one module, by their names in it, or those of the first."""
    given: Any = copies
    first = state or {name: tensor.detach().clone() for name, tensor in given.states()[0].items()}
    with torch.no_grad():
        for own in given.states():
            for name, tensor in own.items():
                tensor.copy_(first[name])
