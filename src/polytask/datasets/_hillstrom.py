"""Hillstrom: visits, purchases and spending of customers after an e-mail campaign."""

from __future__ import annotations

import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["HILLSTROM", "fetch_hillstrom", "hillstrom_table"]

_TARGETS = ("visit", "conversion", "spend")
_SOURCE = (
    "https://raw.githubusercontent.com/a-raulet/project-02-causal-inference/"
    "413d9285d7aca0ca0099118adaa1210409e60bc7/data/raw/hillstrom.csv"
)

HILLSTROM = DatasetInfo(
    name="hillstrom",
    description="Customers after an e-mail campaign: visit, purchase, dollars spent",
    rows=64_000,
    tasks=_TARGETS,
    licence="public challenge; no licence stated",
    citation="K. Hillstrom, The MineThatData e-mail analytics and data mining challenge, 2008",
    flags="--target visit:binary --target conversion:binary --target spend:regression "
    "--after conversion=visit --after spend=conversion",
    files=(
        PublicFile(
            "hillstrom/hillstrom.csv",
            4_028_960,
            "573789db3171540ac61fcbb404d3b2bf64aaade0127526208e65a921af970d2f",
            (_SOURCE,),
        ),
    ),
)


def fetch_hillstrom() -> FetchedDataset:
    """Read Hillstrom's customers: who visits the shop, who buys, and for how many dollars.

    Returns
    -------
    FetchedDataset
        64 000 customers, 5 numeric and 4 categorical inputs, among them the e-mail that the
        customer received (`treatment`, drawn at random); tasks ``visit`` (binary, 14.7 % positive),
        ``conversion`` (binary, 0.9 %, after ``visit``) and ``spend`` (regression, dollars in two
        weeks, after ``conversion``). No split is published, so a fifth of the rows each is drawn
        for validation and for test.

    Raises
    ------
    DatasetUnavailableError
        If the file is neither available locally nor reachable.

    Notes
    -----
    Nobody buys without a visit, and exactly those who buy spend more than 0. Customers with equal
    cells are kept.

    Examples
    --------
    >>> from polytask.datasets import fetch_hillstrom
    >>> fetch_hillstrom().dataset.tasks.names  # doctest: +SKIP
    ('visit', 'conversion', 'spend')
    """
    tasks = [
        Task("visit", "binary"),
        Task("conversion", "binary", after="visit"),
        Task("spend", "regression", after="conversion"),
    ]
    dataset = MultiTaskDataset.from_table(hillstrom_table(), tasks)
    return FetchedDataset(dataset, RandomSplit(test=0.2, validation=0.2), HILLSTROM)


def hillstrom_table() -> pl.DataFrame:
    """All customers with their inputs, ``visit``, ``conversion`` and ``spend``."""
    (path,) = obtain(HILLSTROM.name, HILLSTROM.files)
    table = pl.read_csv(path)
    return table.select(pl.exclude(_TARGETS), *_TARGETS)
