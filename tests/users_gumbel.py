"""A kind of a user's own whose loss and metrics declare themselves its defaults."""

from dataclasses import dataclass

import numpy as np
import torch

from polytask.exceptions import DataError
from polytask.losses import Loss
from polytask.metrics import Metric, MetricValue
from polytask.tasks import FittedTarget, Kind, center_and_scale, number_column, observed_numbers


@dataclass(frozen=True)
class Gumbel(Kind):
    """The largest value of a period, such as the strongest wind of a year."""

    name = "gumbel"
    numeric = True

    def fit(self, owner, columns):
        if len(columns) != 1:
            raise DataError(f"Task {owner!r} needs one target column. Got {list(columns)}.")
        ((column, values),) = columns.items()
        center, scale = center_and_scale(observed_numbers(owner, column, values, self.name))
        return FittedTarget((column,), learned={"center": (center,), "scale": (scale,)})

    def accepts(self, fitted):
        return super().accepts(fitted) and fitted.learned_counts == {"center": 1, "scale": 1}

    def score_shape(self, fitted):
        return (1,)

    def units(self, fitted):
        return fitted.learned["scale"]

    def truth(self, columns, fitted):
        return number_column(fitted.columns[0], columns[0], self.name)

    def encode(self, columns, fitted):
        return self.raw(self.truth(columns, fitted), fitted)

    def response(self, raw, fitted):
        return raw[:, 0].astype(np.float64) * fitted.learned["scale"] + fitted.learned["center"]

    def raw(self, response, fitted):
        z = (response - fitted.learned["center"]) / fitted.learned["scale"]
        return z[:, None].astype(np.float32)

    def decide(self, response, fitted):
        return response


@dataclass(frozen=True)
class GumbelLoss(Loss):
    """Negative log-likelihood of a Gumbel distribution around the score."""

    kinds = (Gumbel,)
    default_for = (Gumbel,)

    def rowwise(self, scores, values, mask, constants):
        z = (values - scores)[..., 0]
        return z + torch.exp(-z.clamp(-20, 20))


@dataclass(frozen=True)
class Miss(Metric):
    """Mean absolute error, to a power that takes it out of the target's units."""

    power_of_error: float = 1.0

    name, label, greater_is_better, best = "miss", "miss", False, 0.0
    kinds = (Gumbel,)
    default_for = (Gumbel,)

    @property
    def in_target_units(self):
        return self.power_of_error == 1

    def measure(self, truth, response, weight, fitted):
        errors = np.abs(truth - response) ** self.power_of_error
        return MetricValue(float(np.average(errors, weights=weight)))


@dataclass(frozen=True)
class Surprise(Metric):
    """Negative log-likelihood, which can cross zero."""

    name, label, greater_is_better, positive_scale = "surprise", "surprise", False, False
    kinds = (Gumbel,)

    def measure(self, truth, response, weight, fitted):
        z = (truth - response) / fitted.learned["scale"]
        return MetricValue(float(np.average(z + np.exp(-z.clip(-20, 20)), weights=weight)))
