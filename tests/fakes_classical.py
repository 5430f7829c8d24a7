"""The simplest penalty and the simplest datafit, for tests of their contracts."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SquaredNorm:
    """½ α ‖W‖²."""

    alpha: float = 1.0

    def value(self, weights):
        return 0.5 * self.alpha * (weights * weights).sum()

    def gradient(self, weights):
        return self.alpha * weights

    def prox(self, weights, step):
        return weights / (1 + step * self.alpha)


@dataclass(frozen=True)
class AbsoluteSum:
    """α Σ |W|, with a kink at zero."""

    alpha: float = 1.0

    def value(self, weights):
        return self.alpha * abs(weights).sum()

    def gradient(self, weights):
        return self.alpha * ((weights > 0) * 1.0 - (weights < 0) * 1.0).reshape(weights.shape)

    def prox(self, weights, step):
        positive, negative = weights - step * self.alpha, weights + step * self.alpha
        return positive * (positive > 0) + negative * (negative < 0)


class Squared:
    """½ mean (Xw − y)²."""

    def value(self, inputs, targets, coef):
        return 0.5 * float(np.mean((inputs @ coef - targets) ** 2))

    def gradient(self, inputs, targets, coef):
        return inputs.T @ (inputs @ coef - targets) / len(targets)

    def lipschitz(self, inputs):
        return float(np.linalg.norm(inputs, 2) ** 2 / len(inputs))
