import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from polytask.architectures import SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import BundleError
from polytask.learners import PerTaskEstimator
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import CombinedModel, FittedPredictor, load


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(80, 3))
    Y = np.stack([X[:, 0] + generator.normal(size=80), (X[:, 1] > 0).astype(float)], axis=1)
    return MultiTaskDataset.from_arrays(X, Y)


@pytest.fixture(scope="module")
def parts(data):
    learners = [
        PerTaskEstimator((Ridge(alpha=100.0), LogisticRegression(C=0.01))),
        MultiTaskNetwork(SingleTask(MLP((4,)))),
    ]
    return [learner.fit(data, data, 0, Budget(steps=20)) for learner in learners]


@pytest.fixture(scope="module")
def combined(parts):
    first, second = parts
    model = CombinedModel((first.model, second.model), {"y0": 1, "y1": 0})
    return FittedPredictor(first.tasks, first.schemas, model, None, "combined")


def test_each_task_is_answered_by_its_model(data, parts, combined):
    answers = combined.predict(data)
    for task, which in (("y0", 1), ("y1", 0)):
        expected = parts[which].predict(data)[task].response
        np.testing.assert_array_equal(answers[task].response, expected)
    assert combined.n_parameters == sum(part.n_parameters for part in parts)


def test_saved_and_loaded(tmp_path, data, combined):
    combined.save(tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"bundle.json", "combined.json", "1-weights.safetensors"} <= names
    assert all(path.is_file() for path in (tmp_path / "model").iterdir())
    back = load(tmp_path / "model")
    for task in ("y0", "y1"):
        np.testing.assert_array_equal(
            back.predict(data)[task].response, combined.predict(data)[task].response
        )


def test_a_part_that_is_missing_is_named(tmp_path, combined):
    combined.save(tmp_path / "model")
    (tmp_path / "model" / "1-weights.safetensors").unlink()
    with pytest.raises(BundleError, match=r"1-weights\.safetensors is missing"):
        load(tmp_path / "model")
