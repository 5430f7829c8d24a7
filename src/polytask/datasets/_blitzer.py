"""Reviews of books, electronics and kitchenware: positive or not, one task per domain."""

from __future__ import annotations

import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["BLITZER", "blitzer_table", "fetch_blitzer"]

_SOURCE = (
    "https://raw.githubusercontent.com/eyalbd2/Reproducing-AutoPrompt/"
    "be1956d2b886141c8c27af3b60e8774ca3e6e3f2/blitzer_data"
)


def _file(domain: str, size: int, sha256: str) -> PublicFile:
    path = f"{domain}/test-labeled.tsv"
    return PublicFile(f"blitzer/{path}", size, sha256, (f"{_SOURCE}/{path}",))


_FILES = {
    "books": _file(
        "books", 2_070_420, "25b1b0c7c6e2bae5a1ca919c34314850757da748461750ec19d166432ee3de42"
    ),
    "electronics": _file(
        "electronics", 1_260_415, "cc90f5e61ec8ed78a9a27ba6d7564f3bf95e000948b6c7e3d1340db555e263ce"
    ),
    "kitchen": _file(
        "kitchen", 1_054_949, "1fd02351a57f081aa05505303a488e7c820d9fd2cd27e9407439f3d8013dbd02"
    ),
}

BLITZER = DatasetInfo(
    name="blitzer",
    description="Reviews of books, electronics and kitchenware: positive or not",
    rows=5900,
    tasks=tuple(_FILES),
    licence="research use, not stated by the authors; these files come from "
    "Reproducing-AutoPrompt (Apache-2.0)",
    citation="J. Blitzer, M. Dredze and F. Pereira, Biographies, Bollywood, boom-boxes and "
    "blenders: domain adaptation for sentiment classification, ACL 2007",
    flags="--column review:text --target positive:binary --task-column domain",
    files=tuple(_FILES.values()),
)


def fetch_blitzer() -> FetchedDataset:
    """Read reviews of three domains: whether each is positive, one task per domain.

    Returns
    -------
    FetchedDataset
        1956 reviews of books, 1966 of electronics and 1978 of kitchenware, half of them positive,
        in one source; the input is the text ``review``, and the tasks ``books``, ``electronics`` and
        ``kitchen`` are binary, each with rows of its own. A fifth of the rows each is drawn for
        validation and for test.

    Raises
    ------
    DatasetUnavailableError
        If a file is neither available locally nor reachable.

    Notes
    -----
    The published split is not used: its test files hold exactly the rows of its training and
    development files. All 2000 rows of a domain are read from the former, a text that stands there
    more than once is kept once (44, 34 and 22 rows fewer), and the split is drawn of what is left.
    Results do not compare with those of the published split.

    Examples
    --------
    >>> from polytask.datasets import fetch_blitzer
    >>> fetch_blitzer().dataset.tasks.names  # doctest: +SKIP
    ('books', 'electronics', 'kitchen')
    """
    dataset = MultiTaskDataset.from_long(
        blitzer_table(), Task("positive", "binary"), "domain", columns={"review": "text"}
    )
    return FetchedDataset(dataset, RandomSplit(test=0.2, validation=0.2), BLITZER)


def blitzer_table() -> pl.DataFrame:
    """All reviews, each text once: ``review``, ``domain`` and ``positive``, 0 or 1."""
    paths = obtain(BLITZER.name, BLITZER.files)
    reviews = [
        pl.read_csv(path, separator="\t").select(
            pl.col("sentence").alias("review"),
            pl.lit(domain).alias("domain"),
            pl.col("label").cast(pl.Int8).alias("positive"),
        )
        for domain, path in zip(_FILES, paths, strict=True)
    ]
    return pl.concat(reviews).unique("review", keep="first", maintain_order=True)
