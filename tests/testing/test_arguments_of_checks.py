"""Checks that are given a class, a list or a number answer with whose argument, what, and what to do."""

import importlib
import pkgutil

import numpy as np
import pytest
from fakes_classical import Squared, SquaredNorm
from users_gumbel import Gumbel, GumbelLoss, Miss

import polytask
from polytask import testing
from polytask.aggregation import MGDA
from polytask.architectures import HardSharing
from polytask.augmentation import Flip
from polytask.bookkeeping import Budget
from polytask.exceptions import DataError, ParameterError
from polytask.executors import LocalExecutor
from polytask.learners import Linear
from polytask.linear_model import L21Regressor
from polytask.losses import CrossEntropy, Huber
from polytask.merging import TIES
from polytask.metrics import RMSE
from polytask.observers import GradientConflict
from polytask.processes import OneProcess
from polytask.sampling import Uniform
from polytask.tasks import Kind, Regression
from polytask.testing import tiny_dataset
from polytask.weighting import Equal

GOOD = {
    "check_aggregator": (MGDA(), "aggregator", "extends Aggregator"),
    "check_architecture": (HardSharing(), "recipe", "extends Architecture"),
    "check_datafit": (Squared(), "datafit", "extends Datafit"),
    "check_estimator": (L21Regressor(), "estimator", "extends MultiTaskEstimator"),
    "check_executor": (LocalExecutor(), "executor", "extends Executor"),
    "check_kind": (Regression(), "kind", "extends Kind"),
    "check_learner": (Linear(), "learner", "extends Learner"),
    "check_loss": (Huber(), "loss", "extends Loss"),
    "check_merging": (TIES(), "merging", "extends Merging"),
    "check_metric": (RMSE(), "metric", "extends Metric"),
    "check_observer": (GradientConflict(), "observer", "extends Observer"),
    "check_penalty": (SquaredNorm(), "penalty", "extends Penalty"),
    "check_population": (HardSharing(), "recipe", "extends Architecture"),
    "check_processes": (OneProcess(), "processes", "extends Processes"),
    "check_properties": (MGDA(), "aggregator", "extends Aggregator"),
    "check_sampler": (Uniform(), "sampler", "extends Sampler"),
    "check_augmentation": (Flip(), "augmentation", "extends Augmentation"),
    "check_weighting": (Equal(), "weighting", "extends Weighting"),
}
ROOMS = [
    f"polytask.{room.name}"
    for room in pkgutil.iter_modules(polytask.__path__)
    if room.ispkg and room.name not in {"cli", "testing"}
]
OF_CLASSES = {"check_search_ranges", "check_parameters_reject_bad_values"}

pytestmark = pytest.mark.usefixtures("unchecked_types")


def refused(check, *arguments, **options):
    with pytest.raises(ParameterError) as caught:
        getattr(testing, check)(*arguments, **options)
    return str(caught.value)


def path_of(check):
    base = GOOD[check][2].rpartition(" ")[2]
    rooms = (importlib.import_module(room) for room in ROOMS)
    (path,) = [f"{room.__name__}.{base}" for room in rooms if base in room.__all__]
    return path


def test_every_check_is_here():
    checks = {name for name in testing.__all__ if name.startswith("check_")}
    assert checks == {*GOOD, *OF_CLASSES, "check_recipe_round_trip"}


@pytest.mark.parametrize("check", GOOD)
def test_a_class_a_list_and_a_number_are_refused(check):
    good, parameter, expected = GOOD[check]
    start = f"The `{parameter}` parameter of {check} must be an object "
    cls = type(good)
    for given, remedy in (
        (cls, f"Make an object of it: {cls.__name__}("),
        ([good], "Check one at a time."),
        ("a name", "Give the object that the name stands for."),
        (0.5, path_of(check)),
    ):
        sentence = refused(check, given)
        assert sentence.startswith(start)
        assert expected in sentence
        assert remedy in sentence


def test_a_class_in_place_of_a_recipe():
    sentence = refused("check_recipe_round_trip", Budget)
    assert sentence.endswith("Make an object of it: Budget().")


def test_numbers_of_tasks():
    for check in ("check_aggregator", "check_properties", "check_weighting"):
        sentence = refused(check, GOOD[check][0], 3)
        assert sentence.endswith(
            "must be a list of numbers from 1. Got 3 instead. Write n_tasks=[3]."
        )


def test_a_lone_data_set():
    for check in ("check_architecture", "check_learner", "check_population"):
        sentence = refused(check, GOOD[check][0], tiny_dataset())
        assert sentence.endswith("Write datasets=[data].")


@pytest.mark.parametrize("columns", [{"y": [1.0, 2.0]}, np.ones(3), {"y": np.ones((3, 1))}, {}])
def test_columns_that_are_none(columns):
    for check, given in (("check_kind", [Gumbel()]), ("check_loss", [GumbelLoss(), Gumbel()])):
        sentence = refused(check, *given, columns=columns)
        assert f"The `columns` parameter of {check} must be a mapping of column name" in sentence


def test_kinds_that_are_none_or_not_served():
    assert "`kind` parameter of check_loss" in refused("check_loss", Huber(), Regression)
    assert "`kind` parameter of check_metric" in refused("check_metric", RMSE(), "regression")
    with pytest.raises(AssertionError, match="Miss does not serve the kind 'regression'; add it"):
        testing.check_metric(Miss(), Regression())


def test_a_kind_that_needs_arguments():
    class Banded(Gumbel):
        def __init__(self, width):
            pass

    class Band(CrossEntropy):
        kinds = (Banded,)
        default_for = ()

    with pytest.raises(AssertionError, match=r"Banded cannot be made without width\. Give .*kind="):
        testing.check_loss(Band())


class Angle(Gumbel):
    """Accepts nothing but whole multiples of 7."""

    name = "angle"

    def fit(self, owner, columns):
        fitted = super().fit(owner, columns)
        values = self.truth(list(columns.values()), fitted)
        if (values[np.isfinite(values)] % 7 != 0).any():
            raise DataError(f"Task {owner!r} holds other numbers than multiples of 7.")
        return fitted

    def units(self, fitted):
        return ()


class AngleWithExamples(Angle):
    def examples(self):
        return [{"y": np.where(np.arange(40) % 9 == 0, np.nan, 7.0 * (np.arange(40) % 5))}]

    def decide(self, response, fitted):
        return 7 * np.round(response / 7)


class Positive(Gumbel):
    """Accepts nothing that is 0 or less."""

    def fit(self, owner, columns):
        fitted = super().fit(owner, columns)
        for values in columns.values():
            if np.nanmin(values.astype(float)) <= 0:
                raise DataError(f"Task {owner!r} holds numbers of 0 or less.")
        return fitted

    def decide(self, response, fitted):
        return np.maximum(response, 1e-3)


def test_a_kind_may_offer_examples():
    with pytest.raises(
        AssertionError, match=r"accepts none of the common.*`examples` offer columns"
    ):
        testing.check_kind(Angle())
    testing.check_kind(AngleWithExamples())
    data = tiny_dataset([AngleWithExamples(), "binary"])
    assert isinstance(data.tasks[0].known_kind, Kind)
    assert np.nanmax(data.sources[0].labelled().columns("task0")["target0_0"] % 7) == 0


def test_positive_numbers_are_tried():
    tiny_dataset([Positive()])
    testing.check_kind(Positive(), {"y": np.exp(np.linspace(0, 1, 30))})


def test_examples_that_the_kind_itself_refuses():
    class Contradicting(Angle):
        def examples(self):
            return [{"y": np.array([1.0, 2.0])}]

    with pytest.raises(AssertionError, match="'angle' accepts none of its own examples"):
        testing.check_kind(Contradicting())
