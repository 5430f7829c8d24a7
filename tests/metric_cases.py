"""Labels and responses of every kind, for the tests of metrics."""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from polytask import metrics
from polytask.metrics import Metric
from polytask.tasks import (
    Binary,
    Count,
    DenseClasses,
    Distribution,
    FittedTarget,
    Kind,
    Multiclass,
    Multilabel,
    Ordinal,
    ProportionalSurvival,
    Quantile,
    Regression,
    StepNumbers,
    Survival,
    Tokens,
)

METRICS = [
    thing()
    for thing in map(metrics.__dict__.get, metrics.__all__)
    if isinstance(thing, type) and issubclass(thing, Metric) and thing is not Metric
]

TAGS = ("B-x", "B-y", "I-x", "I-y", "O")


@dataclass(frozen=True, eq=False)
class Case:
    """Truth (NaN where missing), a response of a bad model, and the response of a perfect one."""

    kind: Kind
    fitted: FittedTarget
    truth: np.ndarray
    response: np.ndarray
    perfect: np.ndarray

    def rows(self, chosen):
        return replace(
            self,
            truth=self.truth[chosen],
            response=self.response[chosen],
            perfect=self.perfect[chosen],
        )

    @property
    def columns(self):
        """Truth and response of each column; of counts, these and rate times exposure."""
        whole = self.response.ndim >= 3 or self.kind in {
            Survival(),
            ProportionalSurvival(),
            StepNumbers(),
        }
        if self.truth.ndim == 1 or whole:
            return [(self.truth, self.response)]
        if self.response.ndim == 1:
            return [(self.truth[:, 0], self.response * self.truth[:, 1])]
        return list(zip(self.truth.T, self.response.T, strict=True))

    @property
    def labelled(self):
        return np.isfinite(self.truth.reshape(len(self.truth), -1)).any(axis=1)


def make_case(kind, n_rows, seed, *, ties=False):
    """A case of the kind; several columns or classes where the kind allows them."""
    rng = np.random.default_rng(seed)
    if kind is Regression:
        n_columns = int(rng.integers(1, 4))
        shape = (n_rows,) if n_columns == 1 else (n_rows, n_columns)
        fitted = FittedTarget(tuple("abc"[:n_columns]))
        truth = rng.normal(3.0, 2.0, shape)
        response, perfect = truth + rng.normal(size=shape), truth
    elif kind is Count:
        names, exposures = [("a",), ("a", "b")][rng.integers(2)], rng.uniform(0.5, 3.0, n_rows)
        fitted = FittedTarget(names, learned={"mean_count": (2.0,)})
        exposures = exposures if len(names) == 2 else np.ones(n_rows)
        counts = rng.poisson(2.0 * exposures).astype(float)
        response, perfect = rng.uniform(0.2, 5.0, n_rows), counts / exposures
        truth = counts if len(names) == 1 else np.stack([counts, exposures], axis=1)
        truth = np.where(
            (rng.random(n_rows) < 0.2).reshape(-1, *[1] * (truth.ndim - 1)), np.nan, truth
        )
        response = np.round(response, 1) if ties else response
        return Case(kind(), fitted, truth, response, perfect)
    elif kind is Quantile:
        learned = {"center": (3.0,), "scale": (2.0,), "levels": (0.1, 0.5, 0.9)}
        fitted = FittedTarget(("a",), learned=learned)
        truth = rng.normal(3.0, 2.0, n_rows)
        perfect = np.repeat(truth[:, None], 3, axis=1)
        response = np.sort(perfect + rng.normal(size=(n_rows, 3)), axis=1)
    elif kind is Distribution:
        fitted = FittedTarget(("a",), learned={"center": (3.0,), "scale": (2.0,)})
        truth = rng.normal(3.0, 2.0, n_rows)
        perfect = np.stack([truth, np.zeros(n_rows)], axis=1)
        response = perfect + np.stack(
            [rng.normal(size=n_rows), rng.uniform(0.2, 3, n_rows)], axis=1
        )
    elif kind is Binary:
        fitted = FittedTarget(("a",), (0, 1))
        truth = rng.integers(0, 2, n_rows).astype(float)
        response, perfect = rng.random(n_rows), truth
    elif kind is Multilabel:
        fitted = FittedTarget(("a", "b"), (0, 1))
        truth = rng.integers(0, 2, (n_rows, 2)).astype(float)
        response, perfect = rng.random((n_rows, 2)), truth
    elif kind in {Survival, ProportionalSurvival}:
        return _survival(kind, rng, n_rows, ties=ties)
    elif kind.form != "vector":
        return STEPPED[kind](rng, n_rows) if kind in STEPPED else _maps(kind, rng, n_rows)
    else:
        fitted = FittedTarget(("a",), ("x", "y", "z"))
        truth = rng.integers(0, 3, n_rows).astype(float)
        response, perfect = rng.dirichlet(np.ones(3), n_rows), np.eye(3)[truth.astype(int)]
    if ties and kind not in {Multiclass, Ordinal}:
        response = np.round(response, 1)
    truth = np.where(rng.random(truth.shape) < 0.2, np.nan, truth)
    return Case(kind(), fitted, truth, response, np.where(np.isfinite(perfect), perfect, 0.0))


def _survival(kind, rng, n_rows, *, ties):
    """Events at whole times, censoring between them, and cuts at all of these."""
    cuts = tuple(np.arange(2, 13) / 2.0)
    learned = {
        "cuts": cuts,
        "survival": tuple(np.linspace(0.9, 0.3, 11)),
        "censoring_times": (0.0, 1.5, 2.5, 4.5),
        "uncensored": (1.0, 0.9, 0.7, 0.4),
    }
    events = (rng.random(n_rows) < 0.6).astype(float)
    times = rng.integers(1, 7, n_rows) + np.where(events, 0.0, 0.5)
    there = (times[:, None] > cuts) | ((times[:, None] == cuts) & (events[:, None] == 0))
    perfect = there.astype(float)
    response = -np.sort(-rng.random((n_rows, 11)), axis=1)
    response = np.round(response[:, :1] ** np.arange(1, 12), 1) if ties else response
    truth = np.stack([times, events], axis=1)
    truth[rng.random(n_rows) < 0.2] = np.nan
    return Case(kind(), FittedTarget(("a", "b"), learned=learned), truth, response, perfect)


def _maps(kind, rng, n_rows):
    """Two by three pixels of three classes, or of numbers; some and whole rows without a label."""
    shape = (n_rows, 2, 3)
    learned = {"shape": (2.0, 3.0)}
    if kind is DenseClasses:
        learned["pixel_counts"] = (1.0, 1.0, 1.0)
        fitted = FittedTarget(("a",), (0, 1, 2), learned)
        truth = rng.integers(0, 3, shape).astype(float)
        response = rng.dirichlet(np.ones(3), shape).transpose(0, 3, 1, 2)
        perfect = np.eye(3)[truth.astype(int)].transpose(0, 3, 1, 2)
    else:
        learned |= {"center": (0.5,), "scale": (0.3,), "log_odds": (0.0,)}
        fitted = FittedTarget(("a",), learned=learned)
        truth, response = rng.random(shape), rng.random(shape)
        perfect = truth
    missing = (rng.random(shape) < 0.1) | (rng.random((n_rows, 1, 1)) < 0.2)
    return Case(kind(), fitted, np.where(missing, np.nan, truth), response, perfect)


def _sentences(rng, n_rows):
    """Up to five steps of chunks of two types; steps and whole rows without a label."""
    truth = rng.integers(0, len(TAGS), (n_rows, 5)).astype(float)
    there = np.arange(5) < rng.integers(1, 6, n_rows)[:, None]
    response = rng.dirichlet(np.ones(len(TAGS)), (n_rows, 5)) * there[..., None]
    perfect = np.eye(len(TAGS))[truth.astype(int)] * there[..., None]
    missing = ~there | (rng.random((n_rows, 5)) < 0.1) | (rng.random((n_rows, 1)) < 0.2)
    truth = np.where(missing, np.nan, truth)
    return Case(Tokens(), FittedTarget(("a",), TAGS, {"steps": (5.0,)}), truth, response, perfect)


def _loads(rng, n_rows):
    """Up to four numbers; steps and whole rows without one."""
    truth = rng.normal(3.0, 2.0, (n_rows, 4))
    there = np.arange(4) < rng.integers(1, 5, n_rows)[:, None]
    response = np.where(there, truth + rng.normal(size=truth.shape), 0.0)
    missing = ~there | (rng.random(truth.shape) < 0.1) | (rng.random((n_rows, 1)) < 0.2)
    learned = {"steps": (4.0,), "center": (3.0,), "scale": (2.0,)}
    perfect = np.where(there, truth, 0.0)
    truth = np.where(missing, np.nan, truth)
    return Case(StepNumbers(), FittedTarget(("a",), learned=learned), truth, response, perfect)


STEPPED = {Tokens: _sentences, StepNumbers: _loads}
PAIRS = [(metric, kind) for metric in METRICS for kind in metric.kinds]
PAIR_NAMES = [f"{metric.name}-{kind.name}" for metric, kind in PAIRS]
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 40)
