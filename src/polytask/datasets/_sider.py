"""SIDER: side effects of 1427 drugs in 27 classes of organs."""

from __future__ import annotations

import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["SIDER", "fetch_sider", "sider_table"]

# Short names of the file's columns, in its order.
_EFFECTS = (
    "hepatobiliary",
    "metabolism",
    "product_issues",
    "eye",
    "investigations",
    "musculoskeletal",
    "gastrointestinal",
    "social",
    "immune_system",
    "reproductive_system",
    "neoplasms",
    "general",
    "endocrine",
    "surgical",
    "vascular",
    "blood",
    "skin",
    "congenital",
    "infections",
    "respiratory",
    "psychiatric",
    "renal",
    "pregnancy",
    "ear",
    "cardiac",
    "nervous_system",
    "injury",
)
_SOURCE = (
    "https://raw.githubusercontent.com/chemprop/chemprop/"
    "b83635bcddaddcdb91d453128edec9f2be0d25cf/data/sider.csv"
)

SIDER = DatasetInfo(
    name="sider",
    description="Side effects of 1427 drugs in 27 classes of organs",
    rows=1427,
    tasks=_EFFECTS,
    licence="public; this file comes from chemprop (MIT)",
    citation="M. Kuhn et al., The SIDER database of drugs and side effects, Nucleic Acids "
    "Research 44, 2016; as in Z. Wu et al., MoleculeNet, Chemical Science 9, 2018",
    flags=" ".join(["--column smiles:smiles", *(f"--target {name}:binary" for name in _EFFECTS)]),
    files=(
        PublicFile(
            "moleculenet/sider.csv",
            183_743,
            "71efc6ac4ca82d6545bc512509863281be0f17234afd7adaf71a71899988302e",
            (_SOURCE,),
        ),
    ),
)


def fetch_sider() -> FetchedDataset:
    """Read SIDER: whether a drug has side effects in each of 27 classes of organs.

    Returns
    -------
    FetchedDataset
        1427 drugs as one column ``smiles``, read as hashed counts of its pieces; 27 binary tasks
        without missing labels, 1.5 to 92 % positive. No split is published, so a tenth of the rows each
        is drawn for validation and for test, as in MoleculeNet.

    Raises
    ------
    DatasetUnavailableError
        If the file is neither available locally nor reachable.

    Notes
    -----
    Tasks have short names in the order of the file's columns: ``hepatobiliary`` is its
    “Hepatobiliary disorders”.

    Examples
    --------
    >>> from polytask.datasets import fetch_sider
    >>> len(fetch_sider().dataset.tasks)  # doctest: +SKIP
    27
    """
    dataset = MultiTaskDataset.from_table(
        sider_table(), [Task(name, "binary") for name in _EFFECTS], columns={"smiles": "smiles"}
    )
    return FetchedDataset(dataset, RandomSplit(test=0.1, validation=0.1), SIDER)


def sider_table() -> pl.DataFrame:
    """All drugs: ``smiles``, and the side effects, 0 or 1."""
    (path,) = obtain(SIDER.name, SIDER.files)
    table = pl.read_csv(path)
    return table.rename(dict(zip(table.columns, ("smiles", *_EFFECTS), strict=True)))
