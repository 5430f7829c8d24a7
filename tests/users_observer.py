"""An observer as a user writes it."""

from dataclasses import dataclass

from polytask.observers import Observer


@dataclass(frozen=True)
class WeightNorm(Observer):
    """Norm of all weights."""

    def observe(self, view):
        squares = sum(float(p.detach().square().sum()) for p in view.network.parameters())
        return {"norm": squares**0.5}
