"""The common check of a metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from polytask.exceptions import ParameterError
from polytask.losses import loss_for
from polytask.metrics import Metric, MetricValue
from polytask.tasks import Kind
from polytask.testing._examples import KindExample, examples_of
from polytask.testing._require import require, require_close, require_same

__all__ = ["check_metric"]


def check_metric(
    metric: Metric, kind: Kind | None = None, columns: Mapping[str, np.ndarray] | None = None
) -> None:
    """Check that a metric keeps the promises of `polytask.metrics.Metric`, for each of its kinds.

    Parameters
    ----------
    metric : Metric
    kind : Kind, optional
        By default every kind that it serves, each without arguments.
    columns : mapping of str to array, optional
        As in `check_kind`.

    Raises
    ------
    AssertionError
        If rows without a label have any influence, weights do not count as repeated rows, an
        undefined case gets a number or no reason, better predictions score worse, or arguments
        are changed.

    Examples
    --------
    >>> from polytask.metrics import RMSE
    >>> from polytask.testing import check_metric
    >>> check_metric(RMSE())
    """
    name = type(metric).__name__
    require(metric.name and metric.label, f"{name} has no name or label.")
    require(metric.kinds, f"{name} serves no kind.")
    strange = set(metric.default_for) - set(metric.kinds)
    require(not strange, f"{name} is the default for {strange}, which it does not serve.")
    words = f"{name} enters Δm by default, but may cross zero."
    require(metric.positive_scale or not metric.default_for, words)
    for served in [one() for one in metric.kinds] if kind is None else [kind]:
        for example in examples_of(served, columns):
            case = _Case(metric, example, *_answers(example))
            _check_values(case)
            _check_missing(case)
            _check_weights(case)
            _check_undefined(case)


@dataclass(frozen=True, eq=False)
class _Case:
    """A metric, labels, and responses that are fair and good."""

    metric: Metric
    example: KindExample
    fair: np.ndarray
    good: np.ndarray | None

    @property
    def name(self) -> str:
        return f"{type(self.metric).__name__} on {self.example.kind.name}"

    def score(
        self, truth: np.ndarray, response: np.ndarray, weight: np.ndarray | None = None
    ) -> MetricValue:
        kept = truth.copy(), response.copy()
        scored = self.metric.score(truth, response, self.example.fitted, weight)
        require_same(truth, kept[0], f"{self.name}: the truth was changed in place")
        require_same(response, kept[1], f"{self.name}: the response was changed in place")
        if scored.value is None:
            require(scored.undefined, f"{self.name}: neither a value nor a reason.")
        else:
            require(np.isfinite(scored.value), f"{self.name}: {scored.value} is no value.")
            require(scored.undefined is None, f"{self.name}: a value and a reason against it.")
        return scored

    def value(
        self, truth: np.ndarray, response: np.ndarray, weight: np.ndarray | None = None
    ) -> float:
        scored = self.score(truth, response, weight)
        require(scored.value is not None, f"{self.name}: undefined ({scored.undefined}).")
        return float(scored.value or 0.0)


def _answers(example: KindExample) -> tuple[np.ndarray, np.ndarray | None]:
    """Responses to random scores, and to scores that fit the labels."""
    generator = torch.Generator().manual_seed(5)
    scores = torch.randn((len(example.encoded), *example.score_shape), generator=generator)
    fair = example.kind.response(scores.numpy().copy(), example.fitted)
    try:
        loss = loss_for(example.kind)
    except ParameterError:
        return fair, None
    encoded = torch.from_numpy(example.encoded)
    mask = ~encoded.isnan()
    constants = loss.constants([example.fitted])
    scores.requires_grad_()
    optimizer = torch.optim.Adam([scores], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        rows = loss.rowwise(scores, encoded.nan_to_num(0.0), mask, constants)
        total = torch.where(mask.flatten(1).any(dim=-1), rows, 0.0).sum()
        (scores.grad,) = torch.autograd.grad(total, scores)
        optimizer.step()
    return fair, example.kind.response(scores.detach().numpy().copy(), example.fitted)


def _check_values(case: _Case) -> None:
    truth = case.example.truth
    fair = case.value(truth, case.fair)
    if case.metric.positive_scale:
        require(fair >= 0, f"{case.name}: {fair:.4g} is below zero on a positive scale.")
    if case.good is not None:
        good = case.value(truth, case.good)
        better = good > fair if case.metric.greater_is_better else good < fair
        words = f"{case.name}: good predictions score {good:.4g}, random ones {fair:.4g}."
        require(better, words)
    order = np.random.default_rng(0).permutation(len(truth))
    turned = case.value(truth[order], case.fair[order])
    require_close(turned, fair, f"{case.name}: the order of rows changes the value")


def _check_missing(case: _Case) -> None:
    truth = case.example.truth
    whole = case.value(truth, case.fair)
    missing = np.isnan(truth.reshape(len(truth), -1)).all(axis=1)
    without = case.value(truth[~missing], case.fair[~missing])
    require_close(without, whole, f"{case.name}: rows without a label change the value")


def _check_weights(case: _Case) -> None:
    truth, n_rows = case.example.truth, len(case.fair)
    words = f"{case.name}: weights of one change the value"
    whole = case.value(truth, case.fair)
    require_close(case.value(truth, case.fair, np.ones(n_rows)), whole, words)
    times = np.random.default_rng(1).integers(1, 4, n_rows)
    rows = np.repeat(np.arange(n_rows), times)
    repeated = case.value(truth[rows], case.fair[rows])
    weighted = case.value(truth, case.fair, times.astype(np.float64))
    require_close(weighted, repeated, f"{case.name}: a weight of n is not n equal rows")


def _check_undefined(case: _Case) -> None:
    truth = case.example.truth
    nothing = case.score(np.full_like(truth, np.nan), case.fair)
    require(nothing.value is None, f"{case.name}: {nothing.value} without a single label.")
    for row in range(0, len(truth), 7):
        case.score(truth[row : row + 1], case.fair[row : row + 1])
