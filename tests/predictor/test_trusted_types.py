"""Types allowed in files: exactly those that saved estimators consist of."""

import io
import json
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
import skops.io
from estimator_types import OF_OTHER_VERSIONS, found_types
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import all_estimators

from polytask._trust import only_trusted
from polytask.exceptions import UntrustedError
from polytask.predictor._skops_schema import check_schema, is_estimator
from polytask.predictor._trusted_types import TRUSTED_TYPES

CONSTRAINTS = (Path(__file__).parents[2] / "constraints.txt").read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # estimators that scikit-learn will drop are saved, too
def test_the_list_is_what_saving_every_estimator_gives():
    found: dict[str, set[str]] = {loader: set(names) for loader, names in OF_OTHER_VERSIONS.items()}
    for wide in (False, True):
        for loader, names in found_types(wide=wide).items():
            found.setdefault(loader, set()).update(names)
    assert found.keys() <= TRUSTED_TYPES.keys()
    for loader, names in found.items():
        assert names <= TRUSTED_TYPES[loader]
    if f"scikit-learn=={version('scikit-learn')}" in CONSTRAINTS:
        assert found == TRUSTED_TYPES


def test_the_list_holds_neither_functions_nor_estimators():
    names = {name for listed in TRUSTED_TYPES.values() for name in listed}
    assert not any(map(is_estimator, names))
    roots = {name.partition(".")[0] for name in names}
    assert roots == {"builtins", "numpy", "scipy", "sklearn"}
    assert "FunctionNode" not in TRUSTED_TYPES
    plain = {name for name in names if not name.startswith("sklearn.")}
    assert plain <= {
        *(f"builtins.{name}" for name in ("dict", "float", "int", "list", "slice", "str", "tuple")),
        *(f"numpy.{name}" for name in ("bool", "float32", "float64", "int32", "int64", "uint64")),
        "numpy.dtype",
        "numpy.ma.MaskedArray",
        "numpy.ndarray",
        "numpy.random._generator.Generator",
        "numpy.random.mtrand.RandomState",
        "scipy.sparse._csr.csr_array",
        "scipy.sparse._csr.csr_matrix",
    }


def test_all_of_scikit_learns_estimators_are_estimators():
    estimators = [estimator for _, estimator in all_estimators()]
    assert len(estimators) > 180
    for estimator in estimators:
        assert is_estimator(f"{estimator.__module__}.{estimator.__name__}"), estimator


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.utils._mocking.CheckingClassifier",
        "sklearn.utils.estimator_checks.BaseEstimator",
        "sklearn.linear_model.Ridge",  # only where it is defined
        "sklearn.linear_model._ridge.BaseEstimator",
        "sklearn.linear_model._ridge.np",
        "sklearn.linear_model._ridge.nowhere",
        "sklearn.show_versions.x",
        "sklearn.externals._arff.ArffDecoder",
        "sklearn.experimental.enable_halving_search_cv.x",
        "sklearn.datasets._base.Bunch",
        "sklearn",
        "sklearn.",
        ".Ridge",
        "",
        "os.system",
        "numpy.memmap",
        "polytask.cli.main",
        "polytask.predictor.load",
        "polytask._trust.importlib",
    ],
)
def test_names_that_are_no_estimator(name):
    assert not is_estimator(name)


def test_an_estimator_that_claims_to_be_of_scikit_learn():
    class Liar(BaseEstimator):
        pass

    Liar.__module__ = "sklearn.linear_model._ridge"
    assert not is_estimator("sklearn.linear_model._ridge.Liar")


def schema(value: object) -> object:
    return json.loads(ZipFile(io.BytesIO(skops.io.dumps(value))).read("schema.json"))


def test_a_trusted_estimator_of_a_user():
    from users_estimator import Mean

    check_schema(schema([[Ridge(), LogisticRegression()]]), "it")
    with pytest.raises(
        UntrustedError, match=r"users_estimator\.Mean.*trusted=\['users_estimator'\]"
    ):
        check_schema(schema([[Mean()]]), "it")
    with only_trusted(["users_estimator"]):
        check_schema(schema([[Mean()]]), "it")
