"""Set up before anything of polytask is imported: threads, bytecode, checked types."""

import gc
import os
import sys

# Several test processes with several threads each would wait for one another, busily.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "passive"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["POLARS_MAX_THREADS"] = "1"
os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # no: the many processes would compile every module

from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest
import type_checks
from hypothesis import HealthCheck, settings

sys.dont_write_bytecode = False  # in this process too, which read the variable at its start


def _not_waiting(fd: object) -> None:
    """What `os.fsync` does in tests: their files need not outlive a power cut, and disks are slow."""


os.fsync = _not_waiting

# Shapes and types of every call are checked, except in the command line, whose signatures
# are read by typer.
_PACKAGE = Path(__file__).parents[1] / "src" / "polytask"
_ROOMS = sorted(
    f"polytask.{path.stem}"
    for path in _PACKAGE.iterdir()
    if not path.stem.startswith("__")
    and path.stem != "cli"
    and (path.suffix == ".py" or (path / "__init__.py").exists())
)
type_checks.install(_ROOMS)

settings.register_profile(
    "polytask",
    deadline=None,
    derandomize=True,
    max_examples=40,  # the same in every run; `explore` draws others, and more
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "polytask"))


def pytest_runtest_setup() -> None:
    """Begin every test with checked calls."""
    type_checks.start_test()


def pytest_collection_finish() -> None:
    """Spare collections of garbage the walk through all that imports have left."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def polytask_data() -> Path:
    """Folder of public data sets, from the environment variable POLYTASK_DATA."""
    folder = os.environ.get("POLYTASK_DATA")
    if not folder:
        pytest.skip("set POLYTASK_DATA to a folder of public data sets to run this test")
    if not Path(folder).is_dir():
        pytest.skip(f"POLYTASK_DATA is not a folder: {folder}")
    return Path(folder)


@pytest.fixture
def unchecked_types() -> Iterator[None]:
    """Let values of a wrong type reach polytask's own checks and their messages."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)
