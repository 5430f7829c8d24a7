"""Kinds of a user's own, with losses and metrics: a point with its uncertainty, and a mixture."""

from dataclasses import dataclass

import numpy as np
import torch

from polytask.exceptions import DataError, ParameterError
from polytask.losses import Loss
from polytask.metrics import Metric, MetricValue
from polytask.tasks import (
    FittedTarget,
    Kind,
    center_and_scale,
    gives_numbers,
    number_column,
    observed_numbers,
    predicted_numbers,
    weighted_means,
)

MOST = 0.999  # correlation
WIDEST = 7.0  # logarithm of a standardised deviation


@dataclass(frozen=True)
class BivariateNormal(Kind):
    """Two columns of numbers, of which the joint normal distribution is predicted.

    The five scores are both means and both logarithms of deviations, all standardised, and the
    inverse hyperbolic tangent of the correlation. The five numbers of a response are means and
    deviations in the user's units, and the correlation.
    """

    name = "bivariate_normal"
    numeric = True

    def fit(self, owner, columns):
        if len(columns) != 2:
            raise DataError(f"Task {owner!r} needs two target columns. Got {list(columns)}.")
        moments = [
            center_and_scale(observed_numbers(owner, name, values, self.name))
            for name, values in columns.items()
        ]
        center, scale = zip(*moments, strict=True)
        learned = {"center": center, "scale": scale, "correlation": (0.0,)}
        fitted = FittedTarget(tuple(columns), learned=learned)
        z = self._standardised(list(columns.values()), fitted)
        both = z[np.isfinite(z).all(axis=1)]
        correlation = float(np.clip(both.prod(axis=1).mean(), -0.9, 0.9)) if len(both) else 0.0
        return FittedTarget(tuple(columns), learned={**learned, "correlation": (correlation,)})

    def accepts(self, fitted):
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 2
            and fitted.learned_counts == {"center": 2, "scale": 2, "correlation": 1}
            and min(fitted.learned["scale"]) > 0
            and abs(fitted.learned["correlation"][0]) < MOST
        )

    def score_shape(self, fitted):
        return (5,)

    def units(self, fitted):
        return fitted.learned["scale"]

    def truth(self, columns, fitted):
        pairs = zip(fitted.columns, columns, strict=True)
        return np.stack([number_column(name, values, self.name) for name, values in pairs], axis=1)

    def encode(self, columns, fitted):
        return self._standardised(columns, fitted).astype(np.float32)

    def response(self, raw, fitted):
        raw, center, scale = raw.astype(np.float64), *self._units(fitted)
        means = raw[:, :2] * scale + center
        deviations = np.exp(np.clip(raw[:, 2:4], -WIDEST, WIDEST)) * scale
        return np.column_stack([means, deviations, MOST * np.tanh(raw[:, 4])])

    def raw(self, response, fitted):
        center, scale = self._units(fitted)
        means = (response[:, :2] - center) / scale
        correlation = np.clip(response[:, 4] / MOST, -1 + 1e-12, 1 - 1e-12)
        scores = [means, np.log(response[:, 2:4] / scale), np.arctanh(correlation)]
        return np.column_stack(scores).astype(np.float32)

    def decide(self, response, fitted):
        return response[:, :2]

    def mean_response(self, truth, fitted, weight):
        means = weighted_means(truth, weight)
        deviations = np.sqrt(weighted_means((truth - means) ** 2, weight))
        _, scale = self._units(fitted)
        narrowest = np.exp(-WIDEST) * scale
        return np.array(
            [*means, *np.maximum(deviations, narrowest), *fitted.learned["correlation"]]
        )

    def accepts_estimator(self, estimator):
        return gives_numbers(estimator)

    def from_estimator(self, estimators, inputs, fitted):
        means = predicted_numbers(estimators, inputs)
        marginal = np.arctanh(fitted.learned["correlation"][0] / MOST)
        rest = np.broadcast_to([0.0, 0.0, marginal], (len(means), 3))
        return np.column_stack([means, rest]).astype(np.float32)

    def _standardised(self, columns, fitted):
        center, scale = self._units(fitted)
        return np.clip((self.truth(columns, fitted) - center) / scale, -1e15, 1e15)

    def _units(self, fitted):
        return np.array(fitted.learned["center"]), np.array(fitted.learned["scale"])


@dataclass(frozen=True)
class BivariateLikelihood(Loss):
    """Negative log-likelihood of the observed columns, and a pull on the correlation.

    It pulls the score of the correlation towards that of the training rows, a constant of each
    task, with the strength `pull`.
    """

    pull: float = 0.01

    kinds = (BivariateNormal,)

    def constants(self, targets):
        learned = [target.learned["correlation"] for target in targets]
        return {"marginal": torch.atanh(torch.tensor(learned) / MOST)}

    def rowwise(self, scores, values, mask, constants):
        log_deviations = scores[..., 2:4].clamp(-WIDEST, WIDEST)
        z = torch.where(mask, (values - scores[..., :2]) * torch.exp(-log_deviations), 0.0)
        rho = MOST * torch.tanh(scores[..., 4]) * mask.all(dim=-1)
        spread = 1 - rho**2
        squares = z.square().sum(dim=-1) - 2 * rho * z.prod(dim=-1)
        likelihood = (log_deviations * mask).sum(dim=-1) + squares / (2 * spread) + spread.log() / 2
        away = scores[..., 4] - constants["marginal"].squeeze(-1)
        return likelihood + self.pull * away.square()


class _WholePoint(Metric):
    """A mean over rows of which both columns are known."""

    kinds = (BivariateNormal,)

    def check(self, truth, response, fitted):
        if truth.shape[1:] != (2,) or response.shape[1:] != (5,):
            shapes = f"{truth.shape} and {response.shape}"
            raise ParameterError(f"{self.label} needs (n, 2) and (n, 5). Got {shapes}.")

    def parts(self, truth, response, fitted):
        yield "point", truth, response

    def measure(self, truth, response, weight, fitted):
        numbers = self.numbers(truth, response, fitted)
        return MetricValue(float(np.average(numbers, weights=weight)))

    def influence(self, truth, response, weight, fitted):
        numbers, share = self.numbers(truth, response, fitted), weight / weight.sum()
        return share * (numbers - share @ numbers)


class Distance(_WholePoint):
    """Distance of the means from the point, in deviations of the training rows."""

    name, label, greater_is_better, best = "distance", "distance", False, 0.0

    def numbers(self, truth, response, fitted):
        steps = (response[:, :2] - truth) / np.array(fitted.learned["scale"])
        return np.hypot(*steps.T)


class LogDensity(_WholePoint):
    """Logarithm of the predicted density at the point."""

    name, label, greater_is_better, positive_scale = "log_density", "log density", True, False

    def numbers(self, truth, response, fitted):
        z = (truth - response[:, :2]) / response[:, 2:4]
        rho, spread = response[:, 4], 1 - response[:, 4] ** 2
        squares = (z**2).sum(axis=1) - 2 * rho * z.prod(axis=1)
        logs = np.log(response[:, 2:4]).sum(axis=1) + np.log(spread) / 2
        return -squares / (2 * spread) - logs - np.log(2 * np.pi)


@dataclass(frozen=True)
class Mixture(Kind):
    """One column of numbers as a mixture of three bells of one width.

    The scores are 2 × 3: the logits of the bells, and their standardised means.
    """

    name = "mixture"
    numeric = True

    def fit(self, owner, columns):
        if len(columns) != 1:
            raise DataError(f"Task {owner!r} needs one target column. Got {list(columns)}.")
        ((name, values),) = columns.items()
        center, scale = center_and_scale(observed_numbers(owner, name, values, self.name))
        return FittedTarget((name,), learned={"center": (center,), "scale": (scale,)})

    def accepts(self, fitted):
        return (
            super().accepts(fitted)
            and fitted.learned_counts == {"center": 1, "scale": 1}
            and fitted.learned["scale"][0] > 0
        )

    def score_shape(self, fitted):
        return (2, 3)

    def truth(self, columns, fitted):
        return number_column(fitted.columns[0], columns[0], self.name)

    def encode(self, columns, fitted):
        z = (self.truth(columns, fitted) - fitted.learned["center"]) / fitted.learned["scale"]
        return z[:, None].astype(np.float32)

    def response(self, raw, fitted):
        raw = raw.astype(np.float64)
        shares = np.exp(raw[:, 0] - raw[:, 0].max(axis=1, keepdims=True))
        means = raw[:, 1] * fitted.learned["scale"] + fitted.learned["center"]
        return np.stack([shares / shares.sum(axis=1, keepdims=True), means], axis=1)

    def raw(self, response, fitted):
        logits = np.log(np.maximum(response[:, 0], 1e-30))
        means = (response[:, 1] - fitted.learned["center"]) / fitted.learned["scale"]
        return np.stack([logits, means], axis=1).astype(np.float32)

    def decide(self, response, fitted):
        return response.prod(axis=1).sum(axis=1)

    def mean_response(self, truth, fitted, weight):
        return np.stack([np.full(3, 1 / 3), np.full(3, weighted_means(truth, weight))])


@dataclass(frozen=True)
class MixtureLikelihood(Loss):
    """Negative log-likelihood of the mixture."""

    width: float = 0.5

    kinds = (Mixture,)

    def rowwise(self, scores, values, mask, constants):
        shares = torch.log_softmax(scores[..., 0, :], dim=-1)
        bells = -((values - scores[..., 1, :]) / self.width).square() / 2
        return -torch.logsumexp(shares + bells, dim=-1)


class MixtureError(Metric):
    """Mean absolute distance from the mean of the mixture, in the user's units."""

    name, label, kinds, greater_is_better = "mixture_error", "error", (Mixture,), False
    in_target_units, best = True, 0.0

    def measure(self, truth, response, weight, fitted):
        means = response.prod(axis=1).sum(axis=1)
        return MetricValue(float(np.average(abs(truth - means), weights=weight)))
