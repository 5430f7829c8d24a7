"""The simplest penalty and the simplest datafit, for tests of their contracts."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from polytask.penalties import Penalty


@dataclass(frozen=True)
class SquaredNorm(Penalty):
    """½ α ‖W‖²."""

    alpha: float = 1.0

    def value(self, weights, state=None):
        return 0.5 * self.alpha * (weights * weights).sum()

    def gradient(self, weights, state=None):
        return self.alpha * weights

    def prox(self, weights, step, state=None):
        return weights / (1 + step * self.alpha)


@dataclass(frozen=True)
class AbsoluteSum(Penalty):
    """α Σ |W|, with a kink at zero."""

    alpha: float = 1.0

    smooth = False

    def value(self, weights, state=None):
        return self.alpha * abs(weights).sum()

    def gradient(self, weights, state=None):
        return self.alpha * array_namespace(weights).sign(weights)

    def prox(self, weights, step, state=None):
        positive, negative = weights - step * self.alpha, weights + step * self.alpha
        return positive * (positive > 0) + negative * (negative < 0)


@dataclass(frozen=True)
class LearnedCentre(Penalty):
    """½ α Σ ‖W_k − c‖² with a learned c, which is 1 at first."""

    alpha: float = 1.0

    def value(self, weights, state=None):
        away = weights - self._centre(weights, state)
        return 0.5 * self.alpha * (away * away).sum()

    def gradient(self, weights, state=None):
        return self.alpha * (weights - self._centre(weights, state))

    def prox(self, weights, step, state=None):
        pull = step * self.alpha
        return (weights + pull * self._centre(weights, state)) / (1 + pull)

    def start(self, shape):
        return {"centre": np.ones((1, *shape[1:]))}

    def refit(self, weights, state):
        return {"centre": array_namespace(weights).mean(weights, axis=0, keepdims=True)}

    def _centre(self, weights, state):
        centre = (state or self.start(weights.shape))["centre"]
        return array_namespace(weights).asarray(centre, dtype=weights.dtype)


class Squared:
    """½ mean (Xw − y)²."""

    def value(self, inputs, targets, coef):
        return 0.5 * float(np.mean((inputs @ coef - targets) ** 2))

    def gradient(self, inputs, targets, coef):
        return inputs.T @ (inputs @ coef - targets) / len(targets)

    def lipschitz(self, inputs):
        return float(np.linalg.norm(inputs, 2) ** 2 / len(inputs))
