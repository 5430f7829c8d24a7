"""The check of learners finds what is broken, one promise at a time."""

import itertools
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from polytask.data import MultiTaskDataset
from polytask.exceptions import DataError
from polytask.learners import Learner, Linear
from polytask.predictor import FittedPredictor, Model
from polytask.ranges import Range
from polytask.testing import check_learner, tiny_dataset


@pytest.fixture(scope="module")
def data():
    return [tiny_dataset(["regression", "binary"])]


def test_a_good_learner_passes(data):
    check_learner(Linear(), data)


@dataclass(frozen=True, eq=False)
class Twisted(Model):
    """A model whose raw scores are changed on the way out."""

    model: Model
    twist: Any

    @property
    def n_parameters(self):
        return self.model.n_parameters

    def scores(self, sources):
        return {
            source: {task: self.twist(raw, task) for task, raw in tasks.items()}
            for source, tasks in self.model.scores(sources).items()
        }

    def save(self, folder):
        self.model.save(folder)

    @classmethod
    def load(cls, folder, tasks, schemas):
        raise NotImplementedError


@dataclass(frozen=True)
class Honest(Linear):
    """A good learner; each broken one changes one thing."""


class TwistedLearner(Honest):
    def twist(self, raw, task):
        return raw

    def fit(self, train, validation, seed, budget):
        fitted = super().fit(train, validation, seed, budget)
        return replace(fitted, model=Twisted(fitted.model, self.twist))


class Thousandfold(TwistedLearner):
    """Predicts in other units than it was given."""

    def twist(self, raw, task):
        return raw * np.float32(1000)


class Infinite(TwistedLearner):
    def twist(self, raw, task):
        return raw / np.float32(0)


class Relative(TwistedLearner):
    """A row's score depends on its place in the table."""

    def twist(self, raw, task):
        return raw + np.linspace(0, 0.1, len(raw), dtype=np.float32)[:, None]


class Restless(TwistedLearner):
    calls: ClassVar = itertools.count()

    def twist(self, raw, task):
        return raw + np.float32(1e-3 * next(self.calls))


class WidePredictor(FittedPredictor):
    def predict(self, data):
        predictions = super().predict(data)
        wide = {
            name: replace(answer, raw=np.repeat(answer.raw, 2, axis=1))
            for name, answer in predictions.items()
        }
        return replace(predictions, by_task=wide)


class TwoScores(Honest):
    def fit(self, train, validation, seed, budget):
        return WidePredictor(**vars(super().fit(train, validation, seed, budget)))


class Empty(TwistedLearner):
    def fit(self, train, validation, seed, budget):
        fitted = super().fit(train, validation, seed, budget)

        class Weightless(Twisted):
            n_parameters = 0

        return replace(fitted, model=Weightless(fitted.model, self.twist))


class ChangedPredictor(FittedPredictor):
    """Changes what is predicted of the first task, or leaves it out."""

    def predict(self, data):
        predictions = super().predict(data)
        first = predictions.tasks.names[0]
        changed = {**predictions.by_task, first: self.changed(predictions[first])}
        return replace(predictions, by_task=changed)


class UpsideDownPredictor(ChangedPredictor):
    def changed(self, answer):
        return replace(answer, row_ids=answer.row_ids[::-1])


class OtherResponsePredictor(ChangedPredictor):
    def changed(self, answer):
        return replace(answer, response=answer.response + 0.1)


class OneTaskPredictor(FittedPredictor):
    def predict(self, data):
        predictions = super().predict(data)
        tasks = predictions.tasks[:1]
        return replace(predictions, tasks=tasks, by_task={tasks[0].name: predictions["task0"]})


@dataclass(frozen=True)
class With(Honest):
    """Gives a predictor of another class."""

    predictor: Any = FittedPredictor

    def fit(self, train, validation, seed, budget):
        return self.predictor(**vars(super().fit(train, validation, seed, budget)))


class Fading(Honest):
    """Forgets a task when it is fitted again."""

    fits: ClassVar = itertools.count()

    def fit(self, train, validation, seed, budget):
        predictor = OneTaskPredictor if next(self.fits) else FittedPredictor
        return predictor(**vars(super().fit(train, validation, seed, budget)))


class CuriousPredictor(FittedPredictor):
    def predict(self, data):
        if not isinstance(data, MultiTaskDataset):
            raise DataError("where are the labels?")
        return super().predict(data)


class Curious(Honest):
    """Predicts rows with labels only."""

    def fit(self, train, validation, seed, budget):
        return CuriousPredictor(**vars(super().fit(train, validation, seed, budget)))


class Meddling(Honest):
    """Centres the training table in place."""

    def fit(self, train, validation, seed, budget):
        fitted = super().fit(train, validation, seed, budget)
        source = train.sources[0]
        centred = source.inputs.with_columns(pl.col("x0") - pl.col("x0").mean())
        object.__setattr__(source, "inputs", centred)
        return fitted


class Dicing(Honest):
    def fit(self, train, validation, seed, budget):
        np.random.seed(seed)  # noqa: NPY002 - what must not be done
        return super().fit(train, validation, seed, budget)


class Moody(Honest):
    fits: ClassVar = itertools.count(1)

    def fit(self, train, validation, seed, budget):
        return Linear(alpha=float(next(self.fits))).fit(train, validation, seed, budget)


class ForgettingPredictor(FittedPredictor):
    def save(self, folder, trusted=()):
        def halved(estimator):
            estimator.coef_ = estimator.coef_ / 2
            return estimator

        for part in self.model.parts:
            for estimator in part.estimators:
                halved(estimator)
        super().save(folder)


class Forgetting(Honest):
    """Saves other coefficients than it predicted with."""

    def fit(self, train, validation, seed, budget):
        fitted = super().fit(train, validation, seed, budget)
        parts = vars(fitted)
        return ForgettingPredictor(**parts)


class RenamedPredictor(FittedPredictor):
    def save(self, folder, trusted=()):
        replace(FittedPredictor(**vars(self)), name="something else").save(folder)


class Renaming(Honest):
    def fit(self, train, validation, seed, budget):
        return RenamedPredictor(**vars(super().fit(train, validation, seed, budget)))


class Refusing(Honest):
    def fit(self, train, validation, seed, budget):
        raise DataError("not today")


class Raw(Honest):
    """Lets the scale of row weights, and rows of weight 0, count."""

    def weights(self, source):
        return source.weights

    def fit(self, train, validation, seed, budget):
        (source,) = train.sources
        given = np.ones(source.n_rows) if source.weights is None else self.weights(source)
        rows = np.flatnonzero(np.isfinite(given))
        plain = train.take({source.name: rows})
        (kept,) = plain.sources
        plain = replace(plain, sources=(replace(kept, weights=None),))
        alpha = self.alpha / max(float(given[rows].mean()), 1e-12)
        return Linear(min(alpha, 1e9), name=self.name).fit(plain, validation, seed, budget)


class Counting(Raw):
    """Forgets the scale, but not the zeros."""

    def weights(self, source):
        return np.ones(source.n_rows)


class InUnits(Honest):
    """Shrinks more where the target's units are small."""

    def fit(self, train, validation, seed, budget):
        (values,) = train.sources[0].labelled().columns("task0").values()
        alpha = self.alpha * max(float(np.std(values)), 1.0)
        return Linear(alpha, name=self.name).fit(train, validation, seed, budget)


class ServesNobody(Honest):
    def serves(self, tasks):
        return False


class Sloppy(Honest):
    def search_space(self):
        return {"alpha": [1.0, 10.0]}


class Elsewhere(Honest):
    def search_space(self):
        return {"alpha": Range(0.5, 2.0, default=2.0)}


class Overreaching(Honest):
    search_ranges: ClassVar = {"alpha": Range(-1.0, 2.0)}


class Misnaming(Honest):
    tuned = ("alhpa",)


class Drifting(Honest):
    def configured(self, settings):
        return replace(self, name=f"{self.name}*", **settings)


class Undecided(Honest):
    joint = None


class Unending(Honest):
    has_own_budget = "yes"


class Forgetful(Honest):
    resumes = True


class Selfless(Honest):
    def single_task(self):
        return replace(self, name="alone")

    joint = True


class Plain(Learner):
    def fit(self, train, validation, seed, budget):
        return Linear().fit(train, validation, seed, budget)


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        (Thousandfold(), "wrong units"),
        (TwoScores(), r"raw scores \(60, 2\), not \(60, 1\)"),
        (Infinite(), "a raw score is not finite"),
        (Relative(), "depends on the rows around it"),
        (Restless(), "fitted again with the same seed: other raw scores"),
        (Empty(), "no learned numbers"),
        (With(predictor=UpsideDownPredictor), "other rows are predicted"),
        (With(predictor=OtherResponsePredictor), "not that of the raw scores"),
        (With(predictor=OneTaskPredictor), "task1: no predictions"),
        (Fading(), "fitted again with the same seed: predicts"),
        (Curious(), "cannot predict a table without target columns"),
        (Meddling(), "fitting changes the data"),
        (Dicing(), "draws from a global generator"),
        (Moody(), "fitted again with the same seed: other raw scores"),
        (Forgetting(), "saved and loaded: other raw scores"),
        (Renaming(), "saved, its name is 'something else'"),
        (Refusing(), "serves these tasks, but refuses them: not today"),
        (InUnits(), r"task0: y · 1e-12 \+ 0 as target changes more than units"),
        (Raw(), "a factor of 1e-06 on all row weights changes predictions of task0"),
        (Counting(), "rows of weight 0 are not left out of task0"),
        (ServesNobody(), "serves none of the data sets"),
        (Sloppy(), "must be declared as a Range or Choices"),
        (Elsewhere(), "the defaults of its search space are not its own settings"),
        (Overreaching(), r"'alpha' declares -1\.0, which is refused: The `alpha` parameter"),
        (Misnaming(), r"\['alhpa'\] in `tuned` are not in its search space"),
        (Drifting(), "with its defaults it is 'linear\\*'"),
        (Undecided(), "`joint` of Undecided must be a bool. Got None"),
        (Unending(), "`has_own_budget` of Unending must be a bool. Got 'yes'"),
        (Forgetful(), "declares that it resumes, but its `fit` takes no `checkpoint`"),
        (Selfless(), "must give a learner that shares nothing, or None"),
        (Honest(name=""), "has no name"),
        (Plain(), "Plain is no dataclass"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.usefixtures("unchecked_types")
def test_a_broken_learner_is_found(learner, words, data):
    with pytest.raises(AssertionError, match=words):
        check_learner(learner, data)
