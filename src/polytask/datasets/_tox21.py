"""Tox21: twelve toxicity assays of 7831 molecules, with many missing labels."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
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
_N_HASHES = 512
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


def fetch_tox21() -> FetchedDataset:
    """Read Tox21: the activity of molecules in twelve assays.

    Returns
    -------
    FetchedDataset
        7831 molecules, 512 numeric inputs, 12 binary tasks; no split is published, so a tenth of
        the rows each is drawn for validation and for test, as in MoleculeNet.

    Raises
    ------
    DatasetUnavailableError
        If the file is neither available locally nor reachable.

    Notes
    -----
    Inputs are counts of the pieces of one to three characters of the molecule's SMILES text,
    hashed into 512 columns: a simple description that requires no chemistry package. The text
    itself is in the table of `as_table`, for users with fingerprints of their own; it is no input,
    since it differs in every row.
    """
    tasks = [Task(assay, "binary") for assay in _ASSAYS]
    dataset = MultiTaskDataset.from_table(tox21_table().drop("smiles"), tasks)
    return FetchedDataset(dataset, RandomSplit(test=0.1, validation=0.1), TOX21)


def tox21_table() -> pl.DataFrame:
    """All molecules: ``smiles``, hashed counts ``piece_000`` …, and the assays, 0, 1 or null."""
    (path,) = obtain(TOX21.name, TOX21.files)
    table = pl.read_csv(path, schema_overrides=dict.fromkeys(_ASSAYS, pl.Int8))
    pieces = pl.DataFrame(
        _count_pieces(table["smiles"]), schema=[f"piece_{number:03}" for number in range(_N_HASHES)]
    )
    return pl.concat([table.select("smiles"), pieces, table.select(_ASSAYS)], how="horizontal")


def _count_pieces(smiles: pl.Series) -> np.ndarray:
    from sklearn.feature_extraction.text import HashingVectorizer

    counter = HashingVectorizer(
        analyzer="char",
        ngram_range=(1, 3),
        lowercase=False,
        n_features=_N_HASHES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    return np.asarray(counter.transform(smiles.to_list()).toarray()).astype(np.int16)
