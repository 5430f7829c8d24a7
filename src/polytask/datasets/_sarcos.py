"""SARCOS: the torques of the seven joints of a robot arm."""

from __future__ import annotations

import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["SARCOS", "fetch_sarcos", "sarcos_table"]

_JOINTS = range(1, 8)
_INPUTS = tuple(
    f"{quantity}_{joint}"
    for quantity in ("position", "velocity", "acceleration")
    for joint in _JOINTS
)
_TARGETS = tuple(f"torque_{joint}" for joint in _JOINTS)
_SOURCES = (
    "https://gaussianprocess.org/gpml/data",
    "https://raw.githubusercontent.com/probml/pmtkdata/1f3ffa3d21a38c8e9e5010dcedb71262b35b446a",
)
_MATRIX = "sarcos_inv_test"

SARCOS = DatasetInfo(
    name="sarcos",
    description="Torques of the seven joints of a robot arm, from its motion (test file only)",
    rows=4449,
    tasks=_TARGETS,
    licence="not stated",
    citation="S. Vijayakumar and S. Schaal, Locally weighted projection regression, ICML 2000; "
    "C. E. Rasmussen and C. K. I. Williams, Gaussian processes for machine learning, 2006",
    flags=" ".join(f"--target {name}:regression" for name in _TARGETS),
    files=(
        PublicFile(
            "sarcos/sarcos_inv_test.mat",
            996_776,
            "161a59b5c3b4f4b404584323f181607b2acbe620eb134dc720760dc3f38f5cec",
            tuple(f"{source}/sarcos_inv_test.mat" for source in _SOURCES),
        ),
    ),
)


def fetch_sarcos() -> FetchedDataset:
    """Read the inverse dynamics of a SARCOS robot arm, one regression task per joint.

    Returns
    -------
    FetchedDataset
        4449 rows; 21 numeric inputs (position, velocity and acceleration of seven joints); 7
        regression tasks ``torque_1`` … ``torque_7``. A fifth of the rows each is drawn for
        validation and for test.

    Raises
    ------
    DatasetUnavailableError
        If the file is neither available locally nor reachable.

    Notes
    -----
    These are the rows of the published *test* file only; training rows are drawn from them too.
    The larger training file is not read. Results do not compare with those of the published split.

    Examples
    --------
    >>> from polytask.datasets import fetch_sarcos
    >>> len(fetch_sarcos().dataset.tasks)  # doctest: +SKIP
    7
    """
    tasks = [Task(name, "regression") for name in _TARGETS]
    dataset = MultiTaskDataset.from_table(sarcos_table(), tasks)
    return FetchedDataset(dataset, RandomSplit(test=0.2, validation=0.2), SARCOS)


def sarcos_table() -> pl.DataFrame:
    """All rows: position, velocity and acceleration of each joint, then its torque."""
    from scipy.io import loadmat

    (path,) = obtain(SARCOS.name, SARCOS.files)
    return pl.DataFrame(loadmat(path)[_MATRIX], schema=[*_INPUTS, *_TARGETS])
