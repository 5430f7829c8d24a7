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


@pytest.mark.parametrize(
    ("line", "start", "remedy"),
    [
        (
            "from polytask.architectures import MLP",
            "cannot import name 'MLP' from 'polytask.architectures'.",
            "It is in polytask.encoders: from polytask.encoders import MLP.",
        ),
        (
            "from polytask import HardSharing",
            "cannot import name 'HardSharing' from 'polytask'.",
            "It is in polytask.architectures: from polytask.architectures import HardSharing.",
        ),
        (
            "polytask.DataError",
            "module 'polytask' has no attribute 'DataError'.",
            "It is in polytask.exceptions: from polytask.exceptions import DataError",
        ),
        (
            "from polytask.data import Nothing",
            "cannot import name 'Nothing' from 'polytask.data'",
            "",
        ),
        ("import polytask.nothing", "No module named 'polytask.nothing'", ""),
    ],
)
def test_a_name_from_the_wrong_room_is_told_where_it_is(line, start, remedy):
    with pytest.raises((ImportError, AttributeError)) as error:
        exec(line, {"polytask": polytask})
    assert str(error.value).startswith(f"{start} {remedy}".rstrip())


def test_where_a_name_is_public_is_read_without_importing_the_room():
    code = """
import sys, polytask.bookkeeping
assert not hasattr(polytask.bookkeeping, "MLP") and not hasattr(polytask, "MLP")
try:
    from polytask.bookkeeping import MLP
except ImportError as error:
    print(error, "torch" in sys.modules)
"""
    said = run_python(code)
    assert said.endswith("It is in polytask.encoders: from polytask.encoders import MLP. False\n")


def test_version_is_the_installed_one():
    assert importlib.metadata.version("polytask") == polytask.__version__
