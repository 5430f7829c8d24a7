"""Models saved by earlier versions, which must load and predict the same."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from kept_bundles import HOME, MODELS, predicted

from polytask.exceptions import BundleError
from polytask.predictor import load
from polytask.predictor._folder import FORMAT

FOLDERS = sorted(HOME.glob("format-*/*"))


def test_every_learner_of_this_format_is_kept():
    assert {folder.name for folder in FOLDERS if folder.parent.name == f"format-{FORMAT}"} == set(
        MODELS
    )


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}"
)
def test_a_kept_model_predicts_the_same(folder):
    for library in ("lightgbm", "xgboost"):
        if library in folder.name:
            pytest.importorskip(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another version of scikit-learn
        found = predicted(load(folder / "model"), MODELS[folder.name][0]())
    expected = json.loads((folder / "expected.json").read_text())
    assert found.keys() == expected.keys()
    for task, response in expected.items():
        np.testing.assert_allclose(found[task], response, rtol=1e-5, atol=1e-6)


def test_the_former_format_is_refused(tmp_path: Path):
    shutil.copytree(HOME / "format-3/constant/model", tmp_path / "model")
    path = tmp_path / "model" / "bundle.json"
    path.write_text(path.read_text().replace('"format": 3', '"format": 2'))
    with pytest.raises(BundleError, match=r"format 2, written by polytask .*reads formats 3 and 4"):
        load(tmp_path / "model")
