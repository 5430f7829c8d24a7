"""Ensembles: members chosen on validation rows, averaged, divided budget, one bundle."""

import json

import numpy as np
import pytest
from forgery import files_of, resealed

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.encoders import MLP
from polytask.exceptions import BundleError, NonFiniteLossError, ParameterError
from polytask.learners import Constant, Ensemble, Linear, resolve_learner
from polytask.learners._greedy_selection import greedy_counts
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import EnsembleModel, FittedPredictor, load
from polytask.training import Trainer

SMALL = MultiTaskNetwork(HardSharing(encoder=MLP((4,))), Trainer(learning_rate=0.01))


@pytest.fixture(scope="module")
def parts():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3))
    Y = np.stack([X[:, 0] + generator.normal(size=120), (X[:, 1] > 0).astype(float)], axis=1)
    data = MultiTaskDataset.from_arrays(X, Y)
    (split,) = RandomSplit().splits(data, 0)
    return split.apply(data)


@pytest.fixture(scope="module")
def fitted(parts):
    train, validation, _ = parts
    return Ensemble(SMALL, members=3).fit(train, validation, 0, Budget(steps=90))


def test_the_response_is_the_mean_of_the_members_responses(parts, fitted):
    _, _, test = parts
    model = fitted.model
    assert isinstance(model, EnsembleModel)
    answers = fitted.predict(test)
    own = [
        FittedPredictor(fitted.tasks, fitted.schemas, member, None, "one").predict(test)
        for member in model.models
    ]
    for task in ("y0", "y1"):  # numbers and probabilities
        mean = np.average([one[task].response for one in own], axis=0, weights=model.counts)
        np.testing.assert_allclose(answers[task].response, mean, rtol=1e-5, atol=1e-6)


def test_members_share_the_steps_of_the_budget(parts, fitted):
    train, validation, _ = parts
    assert fitted.history.n_steps == 90
    assert "divides its optimiser steps among 3 members" in Ensemble(SMALL, members=3).budget_note
    with pytest.raises(ParameterError, match=r"at least one optimiser step per member, 3\. Got 2"):
        Ensemble(SMALL, members=3).fit(train, validation, 0, Budget(steps=2))


def test_an_ensemble_is_at_least_as_good_on_validation_rows_as_its_best_member(parts, fitted):
    _, validation, _ = parts
    singles = [
        FittedPredictor(fitted.tasks, fitted.schemas, member, None, "one")
        for member in fitted.model.models
    ]
    both = greedy_counts([*singles, fitted], validation)
    assert both[-1] >= 1


@pytest.mark.parametrize("name", ["ensemble", "ensemble(mmoe)", "ensemble(members=3)"])
def test_names(name):
    learner = resolve_learner(name)
    assert learner.name == name
    alone = learner.single_task()
    assert alone.name == "ensemble(single_task)"
    assert alone.members == learner.members
    assert not alone.joint
    assert "trainer.learning_rate" in learner.tuned[0]


def test_members_of_folds_leave_out_other_rows(parts):
    train, validation, test = parts
    ensemble = Ensemble(SMALL, members=2, by="folds")
    model = ensemble.fit(train, validation, 0, Budget(steps=40))
    again = ensemble.fit(train, validation, 0, Budget(steps=40))
    np.testing.assert_array_equal(model.predict(test)["y0"].raw, again.predict(test)["y0"].raw)
    with pytest.raises(ParameterError, match="`by` parameter of Ensemble must be 'seeds' for"):
        Ensemble(Linear(), by="folds")


def test_one_bundle(tmp_path, parts, fitted):
    fitted.save(tmp_path / "model")
    back = load(tmp_path / "model")
    for task in ("y0", "y1"):
        np.testing.assert_array_equal(
            back.predict(parts[2])[task].raw, fitted.predict(parts[2])[task].raw
        )
    assert back.name == "ensemble"


@pytest.mark.parametrize(
    "forged",
    [
        {"counts": []},
        {"counts": [10**9, 1, 1]},
        {"counts": [0, 1, 1]},
        {"counts": [-1, 1, 1]},
        {"counts": [1.5, 1, 1]},
        {"models": ["NetworkModel"] * 40},
        {"models": ["os:system"] * 2, "counts": [1, 1]},
        {"models": ["EnsembleModel"], "counts": [1]},
        {"counts": "many"},
    ],
)
def test_forged_counts_and_models_are_refused(tmp_path, fitted, forged):
    fitted.save(tmp_path / "sound")
    files = files_of(tmp_path / "sound")
    plan = {**json.loads(files["ensemble.json"]), **forged}
    folder = resealed({**files, "ensemble.json": json.dumps(plan).encode()}, tmp_path / "model")
    with pytest.raises(BundleError):
        load(folder)


def test_a_member_that_fails_is_left_out_and_said(parts):
    train, validation, _ = parts

    class Half(type(SMALL)):
        def fit_many(self, requests, train, validation, budget, **options):
            results = super().fit_many(requests, train, validation, budget, **options)
            return [results[0], NonFiniteLossError("The loss of task 'y0' is not finite.")]

    model = Ensemble(Half(SMALL.architecture), members=2).fit(
        train, validation, 0, Budget(steps=20)
    )
    assert model.history.stopped == "members 1 (once) of 2 are averaged; 1 member gave no model"


def test_no_ensemble_of_constants_or_of_ensembles():
    for inner in (Constant(), Ensemble()):
        with pytest.raises(ParameterError, match="`learner` parameter of Ensemble must be"):
            Ensemble(inner)


@pytest.mark.slow
def test_compared(tmp_path, parts):
    train, _, _ = parts
    found = polytask.compare(
        train, [Ensemble(SMALL, members=2)], seeds=2, budget=Budget(2, 40), out=tmp_path, quiet=True
    )
    names = [row.name for row in found.learners]
    assert names == ["ensemble(single_task)", "ensemble", "constant"]
    assert any("divides its optimiser steps" in warning for warning in found.warnings)
