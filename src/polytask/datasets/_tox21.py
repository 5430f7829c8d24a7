"""Tox21: twelve toxicity assays of 7831 molecules, with many missing labels."""

from __future__ import annotations

from typing import Literal

import polars as pl

from polytask._validation import Choice, Interval, check
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._morgan_fingerprints import morgan_fingerprints
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.datasets._smiles_ngrams import smiles_ngrams
from polytask.tasks import Task

__all__ = ["TOX21", "fetch_tox21", "tox21_table"]

_ASSAYS = (
    "NR-AR",
    "NR-AR-LBD",
    "NR-AhR",
    "NR-Aromatase",
    "NR-ER",
    "NR-ER-LBD",
    "NR-PPAR-gamma",
    "SR-ARE",
    "SR-ATAD5",
    "SR-HSE",
    "SR-MMP",
    "SR-p53",
)
_SOURCE = (
    "https://raw.githubusercontent.com/chemprop/chemprop/"
    "b83635bcddaddcdb91d453128edec9f2be0d25cf/data/tox21.csv"
)

TOX21 = DatasetInfo(
    name="tox21",
    description="Twelve toxicity assays of 7831 molecules, with missing labels",
    rows=7831,
    tasks=_ASSAYS,
    licence="public; this file comes from chemprop (MIT)",
    citation="Z. Wu et al., MoleculeNet: a benchmark for molecular machine learning, "
    "Chemical Science 9, 2018",
    flags=" ".join(["--drop smiles", *(f"--target {assay}:binary" for assay in _ASSAYS)]),
    files=(
        PublicFile(
            "moleculenet/tox21.csv",
            458_635,
            "b58cc1f683e78e3c7a1bf7116e9aac0119804018d100f7b8cdb0857941c31aca",
            (_SOURCE,),
        ),
    ),
)


def fetch_tox21(
    features: Literal["ngrams", "fingerprints"] = "ngrams", n_features: int = 1024
) -> FetchedDataset:
    """Read Tox21: the activity of molecules in twelve assays.

    Parameters
    ----------
    features : {"ngrams", "fingerprints"}, default "ngrams"
        What describes a molecule: `smiles_ngrams`, or `morgan_fingerprints`, which needs
        ``polytask[molecules]``.
    n_features : int, default 1024
        Number of cells per molecule.

    Returns
    -------
    FetchedDataset
        7831 molecules, one tensor column of `n_features` cells named as `features`, 12 binary
        tasks; no split is published, so a tenth of the rows each is drawn for validation and for
        test, as in MoleculeNet.

    Raises
    ------
    DatasetUnavailableError
        If the file is neither available locally nor reachable.
    MissingDependencyError
        If fingerprints are wanted and RDKit is not installed.

    Notes
    -----
    The molecules' texts are in the table of `as_table`, for features of your own; they are no
    input, since they differ in every row.

    Examples
    --------
    >>> from polytask.datasets import fetch_tox21
    >>> fetch_tox21().dataset.sources[0].inputs.columns  # doctest: +SKIP
    ['ngrams']
    """
    check("fetch_tox21", "features", features, Choice(("ngrams", "fingerprints")))
    check("fetch_tox21", "n_features", n_features, Interval(int, 1))
    table = _read()
    if features == "ngrams":
        cells = smiles_ngrams(table["smiles"], n_features)
    else:
        cells = morgan_fingerprints(table["smiles"], n_bits=n_features)
    dataset = MultiTaskDataset.from_table(
        pl.DataFrame({features: cells}).hstack(table.select(_ASSAYS)),
        [Task(assay, "binary") for assay in _ASSAYS],
    )
    return FetchedDataset(dataset, RandomSplit(test=0.1, validation=0.1), TOX21)


def tox21_table() -> pl.DataFrame:
    """All molecules: ``smiles``, hashed counts ``ngram_0000`` …, and the assays, 0, 1 or null."""
    table = _read()
    counts = smiles_ngrams(table["smiles"])
    names = [f"ngram_{number:04}" for number in range(counts.shape[1])]
    return pl.concat(
        [table.select("smiles"), pl.DataFrame(counts, schema=names), table.select(_ASSAYS)],
        how="horizontal",
    )


def _read() -> pl.DataFrame:
    (path,) = obtain(TOX21.name, TOX21.files)
    return pl.read_csv(path, schema_overrides=dict.fromkeys(_ASSAYS, pl.Int8))
