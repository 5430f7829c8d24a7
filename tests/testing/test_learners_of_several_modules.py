"""Learners whose fitted models hold classes of other modules: checked, compared, saved."""

import sys

import numpy as np
import pytest
from users_learner import HiddenEstimator, OneLevel
from users_model import Levels

import polytask
from polytask.bookkeeping import Budget
from polytask.exceptions import UntrustedError
from polytask.tasks import Regression
from polytask.testing import check_learner, tiny_dataset


@pytest.fixture(scope="module")
def data():
    return tiny_dataset(["regression"] * 2)


def compared(data, learner, **options):
    return polytask.compare(data, learner, seeds=1, budget=Budget(steps=2), quiet=True, **options)


def test_a_model_of_another_module_needs_no_trust(data, tmp_path):
    check_learner(OneLevel(), [data])
    first = compared(data, OneLevel(), out=tmp_path / "out")
    assert "one_level" in str(first)
    assert compared(data, OneLevel(), out=tmp_path / "out").to_dict()["learners"]


def test_an_estimator_that_no_recipe_names_is_trusted_by_name(data):
    with pytest.raises(UntrustedError, match=r"trusted=\['users_estimator'\]"):
        check_learner(HiddenEstimator(), [data])
    check_learner(HiddenEstimator(), [data], trusted="users_estimator")
    with pytest.raises(UntrustedError, match=r"trusted=\['users_estimator'\]"):
        compared(data, HiddenEstimator())
    assert "hidden_estimator" in str(compared(data, HiddenEstimator(), trusted=["users_estimator"]))


def test_what_is_no_name_is_refused(data):
    with pytest.raises(ValueError, match="The `trusted` parameter of compare must name packages"):
        compared(data, OneLevel(), trusted=["../x"])
    with pytest.raises(ValueError, match="The `trusted` parameter of check_learner must name"):
        check_learner(OneLevel(), [data], trusted=["../x"])


def test_what_only_a_script_can_load_is_said_in_saving(data, tmp_path, monkeypatch):
    scripted = type("Scripted", (Levels,), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Scripted", scripted, raising=False)
    monkeypatch.setattr(OneLevel, "model", scripted)
    said = r"The saved model needs Scripted from the script or notebook that runs.*trusted=\['__m"
    with pytest.warns(UserWarning, match=said):
        polytask.fit(data, OneLevel(), validation=data).save(tmp_path / "model")
    assert polytask.load(tmp_path / "model", trusted="__main__.Scripted").name == "one_level"
    with pytest.raises(UntrustedError, match="defined in a script or notebook: put it into"):
        polytask.load(tmp_path / "model")


def test_a_comparison_says_it_of_the_model_to_use(tmp_path, monkeypatch):
    scripted = type("Scripted", (Regression,), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Scripted", scripted, raising=False)
    table = {"x": np.arange(60.0), "y": 2 * np.arange(60.0)}
    data = polytask.read(table, [polytask.Task("y", scripted())])
    found = compared(data, "linear", out=tmp_path / "out")
    assert found.recommended.learner == "linear"
    said = [note for note in found.notes if "from the script or notebook that runs" in note]
    assert len(said) == 1
