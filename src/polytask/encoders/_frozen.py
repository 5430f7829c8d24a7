"""Stages whose weights stay as they are."""

from __future__ import annotations

from torch import Tensor, nn

from polytask.encoders._state import MaskedStage, State

__all__ = ["Frozen", "frozen"]


def frozen(stage: nn.Module) -> nn.Module:
    """A stage that always runs as in evaluation, without dropout and with known statistics."""
    return _FrozenMasked(stage) if isinstance(stage, MaskedStage) else Frozen(stage)


class Frozen(nn.Module):
    """A module that always runs as in evaluation."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage
        self.eval()

    def train(self, mode: bool = True) -> Frozen:
        """Stay in evaluation mode."""
        del mode
        super().train(False)
        return self

    def forward(self, values: Tensor) -> Tensor:
        """What the module gives."""
        features: Tensor = self.stage(values)
        return features


class _FrozenMasked(MaskedStage):
    """The same of a stage that reads a mask."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = Frozen(stage)

    def forward(self, state: State) -> State:
        advanced: State = self.stage.stage(state)
        return advanced
