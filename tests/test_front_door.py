import importlib.metadata
import json
import subprocess
import sys

import pytest

import polytask

HEAVY = ("torch", "sklearn", "scipy", "polars", "lightning_fabric", "matplotlib")


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_importing_the_package_loads_nothing_heavy():
    code = "import json, sys, polytask; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run_python(code)))
    assert loaded.isdisjoint(HEAVY)


def test_help_loads_neither_torch_nor_scikit_learn():
    code = """
import json, sys
from polytask.cli import main
sys.argv = ["polytask", "--help"]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)))
"""
    loaded = set(json.loads(run_python(code).splitlines()[-1]))
    assert loaded.isdisjoint({"torch", "sklearn"})


def test_at_most_eight_names():
    assert set(polytask.__all__) == {
        "MultiTaskDataset",
        "Task",
        "TaskSet",
        "__version__",
        "compare",
        "fit",
        "load",
        "read",
    }
    assert len(polytask.__all__) <= 8
    assert dir(polytask) == sorted(polytask.__all__)


@pytest.mark.parametrize("name", polytask.__all__)
def test_every_name_resolves(name):
    assert getattr(polytask, name) is not None


def test_the_same_object_as_in_its_room():
    from polytask.tasks import Task

    assert polytask.Task is Task


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'polytask' has no attribute 'tusk'"):
        _ = polytask.tusk


def test_version_is_the_installed_one():
    assert importlib.metadata.version("polytask") == polytask.__version__
