"""School: examination scores of pupils of 139 schools, one task per school."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile

__all__ = ["SCHOOL", "fetch_school", "school_table"]

_COLUMNS = (
    "year_1985",
    "year_1986",
    "year_1987",
    "percent_free_school_meals",
    "percent_verbal_reasoning_band_1",
    "female",
    "male",
    "verbal_reasoning_band_3",
    "verbal_reasoning_band_1",
    "verbal_reasoning_band_2",
    "ethnic_eswi",
    "ethnic_african",
    "ethnic_arab",
    "ethnic_bangladeshi",
    "ethnic_caribbean",
    "ethnic_greek",
    "ethnic_indian",
    "ethnic_pakistani",
    "ethnic_southeast_asian",
    "ethnic_turkish",
    "ethnic_other",
    "school_mixed",
    "school_male",
    "school_female",
    "school_maintained",
    "school_church_of_england",
    "school_roman_catholic",
)
_N_SCHOOLS = 139
_SOURCE = (
    "https://raw.githubusercontent.com/GAA-UAM/MT_GB/"
    "cf4f9a8b3d9a8fa0b207bdffd137105de7d1b619/Datasets/school"
)
# Length and digest of school_b.mat and of school_1_indexes.mat … school_10_indexes.mat.
_PUPILS = (40592, "973f1ca99d0d41a838ec6ae86001a48e7b69391eb74646b9e4fc54f62866a146")
_SPLITS = (
    (28567, "030c9ca0a73d6264aa1eeac49aba1d760a1b5692cd3124667e74a7a2b7751bc5"),
    (28570, "63d3a076a4cdd3de81825d3cf0c030b93bdc60e912eaed4763ee224efab163f8"),
    (28559, "f7f68e3adb50db8094e230c2b83d548790379cd93ad98fadb35ff2999762dbe6"),
    (28571, "02643928224056a61e25dec8d4841dba5195ed9affdc76fdc697854a2506d142"),
    (28569, "6ed00a453d582dce4397f6f49120cff803c22f53cfb2dd63a3826c359c24bcdf"),
    (28568, "ca853babe5b7f0f5812e7f4261f8b5e5728f1b3b06711e56a76b27b7f959f379"),
    (28568, "b72105509c70f94f48c7c8b0e1359c6c0ea630c7ac588337b412f946ede62283"),
    (28569, "8ad60073b135220f1a6f49fdd79b4430b6a0c8ce9925a22dcc5a09141f5b1c04"),
    (28573, "0de74247d93c413b690ebb65e2e7beb1c55f05b2a2d5db46469e673a552cccf2"),
    (28573, "b408742eab66cd124563493057b080fd39e5075f48b4c391c53e5f6a1a4c8df1"),
)


def _file(name: str, size: int, digest: str) -> PublicFile:
    return PublicFile(f"school/{name}", size, digest, (f"{_SOURCE}/{name}",))


SCHOOL = DatasetInfo(
    name="school",
    description="Examination scores of inner London pupils, 1985-87, one task per school",
    rows=15_362,
    tasks=tuple(f"school_{number:03}" for number in range(1, _N_SCHOOLS + 1)),
    licence="not stated",
    citation="H. Goldstein, Multilevel modelling of survey data, The Statistician 40, 1991; "
    "splits of A. Argyriou, T. Evgeniou and M. Pontil, Convex multi-task feature learning, 2008",
    flags="--target score:regression --task-column school",
    files=(
        _file("school_b.mat", *_PUPILS),
        *(_file(f"school_{k}_indexes.mat", *known) for k, known in enumerate(_SPLITS, start=1)),
    ),
)


def fetch_school() -> FetchedDataset:
    """Read the School data: the examination score of each pupil, one task per school.

    Returns
    -------
    FetchedDataset
        15 362 pupils of 139 schools (22 to 251 each), 27 inputs, and the ten published splits
        of training (three quarters) and test pupils; a fifth of each school's training pupils
        is drawn for validation by the split's seed.

    Raises
    ------
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Notes
    -----
    The published column of ones is dropped. Columns are named by the files' description; the two
    columns of pupils' gender are identified by the pupils of single-sex schools.
    """
    pupils, *files = obtain(SCHOOL.name, SCHOOL.files)
    table = _read_pupils(pupils)
    dataset = MultiTaskDataset.from_long(table, "score", "school", kind="regression")
    source = dataset.sources[0].name
    splits = tuple(_split(path, number, source) for number, path in enumerate(files, start=1))
    return FetchedDataset(dataset, FixedSplit(splits, validation=0.2), SCHOOL)


def school_table() -> pl.DataFrame:
    """All pupils with their inputs, ``school`` and ``score``."""
    return _read_pupils(*obtain(SCHOOL.name, SCHOOL.files[:1]))


def _read_pupils(pupils: Path) -> pl.DataFrame:
    content = _load_mat(pupils)
    starts = content["task_indexes"].ravel().astype(np.int64) - 1
    scores = content["y"].ravel().astype(np.int64)
    school = np.searchsorted(starts, np.arange(len(scores)), side="right") - 1
    inputs = content["x"].T.astype(np.int64)[:, : len(_COLUMNS)]
    return pl.DataFrame(inputs, schema=list(_COLUMNS)).with_columns(
        pl.Series("school", [SCHOOL.tasks[position] for position in school]),
        pl.Series("score", scores),
    )


def _split(path: Path, number: int, source: str) -> Split:
    content = _load_mat(path)
    train, test = (np.sort(content[part].ravel().astype(np.int64)) - 1 for part in ("tr", "tst"))
    return Split({source: train}, {}, {source: test}, name=f"published {number}", fold=number - 1)


def _load_mat(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    return dict(loadmat(path))
