"""Labels and responses to try a metric with."""

from __future__ import annotations

import inspect
from functools import cached_property

import numpy as np
import torch

from polytask._naming import required, subclasses
from polytask.exceptions import ParameterError
from polytask.losses import Loss, loss_for
from polytask.metrics import Metric, MetricValue
from polytask.tasks import Kind
from polytask.testing._examples import KindExample
from polytask.testing._loss_case import row_losses
from polytask.testing._require import require, require_same

__all__ = ["MetricCase"]

_FAR = 100.0


class MetricCase:
    """A metric, labels, and responses of several qualities.

    Attributes
    ----------
    fair, other : array
        Responses to random scores.
    far : array
        Responses to scores far from all labels.
    """

    def __init__(self, metric: Metric, example: KindExample) -> None:
        self.metric, self.example = metric, example
        self.name = f"{type(metric).__name__} on {example.kind.name}"
        generator = torch.Generator().manual_seed(5)
        shape = (len(example.encoded), *example.score_shape)
        self._scores = torch.randn(shape, generator=generator)
        self.fair = self._response(self._scores)
        self.other = self._response(torch.randn(shape, generator=generator))
        self.far = self._response((self._scores * _FAR).clamp(-_FAR, _FAR))

    def _response(self, scores: torch.Tensor) -> np.ndarray:
        kind, fitted = self.example.kind, self.example.fitted
        return kind.response(scores.detach().numpy().copy(), fitted)

    @cached_property
    def good(self) -> np.ndarray | None:
        """Responses to scores fitted to the labels; None if no loss serves the kind."""
        loss = _loss_of(self.example.kind)
        if loss is None:
            return None
        encoded = torch.from_numpy(self.example.encoded)
        mask = ~encoded.isnan()
        constants = loss.constants([self.example.fitted])
        scores = self._scores.clone().requires_grad_()
        optimizer = torch.optim.Adam([scores], lr=0.3)
        for _ in range(60):
            optimizer.zero_grad()
            rows = row_losses(loss, scores, encoded.nan_to_num(0.0), mask, constants)
            total = torch.where(mask.flatten(1).any(dim=-1), rows, 0.0).sum()
            (scores.grad,) = torch.autograd.grad(total, scores)
            optimizer.step()
        return self._response(scores)

    def score(
        self, truth: np.ndarray, response: np.ndarray, weight: np.ndarray | None = None
    ) -> MetricValue:
        """What the metric gives, which must be a finite number or a reason."""
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
        """The metric's value; raises if it is undefined."""
        scored = self.score(truth, response, weight)
        require(scored.value is not None, f"{self.name}: undefined ({scored.undefined}).")
        return float(scored.value or 0.0)

    def shuffled(self, column: int, seed: int) -> np.ndarray:
        """A truth whose labels in one column have changed places among the rows."""
        truth = self.example.truth.copy()
        cells = truth.reshape(len(truth), -1)
        labelled = np.isfinite(cells[:, column])
        cells[labelled, column] = np.random.default_rng(seed).permutation(cells[labelled, column])
        return truth


def _loss_of(kind: Kind) -> Loss | None:
    """The kind's default loss, or any that serves it and needs no arguments."""
    try:
        return loss_for(kind)
    except ParameterError:
        serving = (
            cls
            for cls in subclasses(Loss)
            if cls.serves(kind) and not inspect.isabstract(cls) and not required(cls)
        )
        loss = next(serving, None)
        return None if loss is None else loss()
