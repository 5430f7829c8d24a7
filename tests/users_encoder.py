"""Encoders as users bring them: a factory of any module, and a recipe, named by import path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from polytask.encoders import Encoder


def users_encoder(in_shape: Sequence[int]) -> nn.Module:
    """A layer, batch normalisation with its running statistics, and a bend."""
    return nn.Sequential(nn.Linear(in_shape[0], 6), nn.BatchNorm1d(6), nn.Tanh())


@dataclass(frozen=True)
class Suited(Encoder):
    """A layer and a bend, with the training that suits them."""

    width: int = 6
    training: ClassVar[Mapping[str, Any]] = {
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 3e-4,
        "scheduler": "cosine_with_warmup",
        "clip_norm": 1.0,
    }

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        return [nn.Sequential(nn.Linear(*shape, self.width), nn.Tanh())]
