"""Office-Caltech: ten kinds of objects in images of four origins, one task per origin."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["OFFICE_CALTECH", "fetch_office_caltech", "office_caltech_table"]

_WORDS = 800
_SOURCE = "https://raw.githubusercontent.com/chamwen/JPDA/master/data/Office"


def _file(domain: str, size: int, sha256: str) -> PublicFile:
    name = f"{domain}_SURF_L10.mat"
    return PublicFile(f"office_caltech10_surf/{name}", size, sha256, (f"{_SOURCE}/{name}",))


_FILES = {
    "amazon": _file(
        "amazon", 104_970, "df32548b994e18d364c99e1f317e1fae100597259f0423a41b90f4f68187bb1f"
    ),
    "caltech": _file(
        "caltech", 150_751, "4f9334c8ced489d5054de97a5fd51a61f017f3bcd1f38c9a85c6d78cb9d7bda5"
    ),
    "dslr": _file(
        "dslr", 18_348, "44d673c68e1d07b837893aa74dba3b986e4a6cc3fd66f0dd357683bdef059216"
    ),
    "webcam": _file(
        "webcam", 32_406, "a6a9c78b4b7181dfbb58bcfd351d4ebd737f171c31247b8884948aa156d3f700"
    ),
}

OFFICE_CALTECH = DatasetInfo(
    name="office-caltech",
    description="Ten kinds of objects, one task each for images of four origins",
    rows=2533,
    tasks=tuple(_FILES),
    licence="not stated; these files come from JPDA",
    citation="B. Gong, Y. Shi, F. Sha and K. Grauman, Geodesic flow kernel for unsupervised "
    "domain adaptation, CVPR 2012",
    flags="--target category:multiclass --task-column domain",
    files=tuple(_FILES.values()),
)


def fetch_office_caltech() -> FetchedDataset:
    """Read Office-Caltech: which of ten objects an image shows, one source and task per domain.

    Returns
    -------
    FetchedDataset
        Four sources of images described by 800 visual words: 958 of ``amazon``, 1123 of
        ``caltech``, 157 of ``dslr`` and 295 of ``webcam``, each with a multiclass task of its name.
        The input is one tensor column ``words`` of shape (800,). No split is published, so a fifth
        of the rows each is drawn for validation and for test.

    Raises
    ------
    DatasetUnavailableError
        If a file is neither available locally nor reachable.

    Notes
    -----
    The files hold counts of words (SURF features in a codebook of Amazon's images). Inputs are the
    square roots of each word's share of its image, whose deviations differ less between words than those of
    shares. Results do not compare with those of Gong et al., who train on few images per class.
    A layer that several sources share begins behind the one of their own; in the table of
    `as_table` with ``--task-column domain`` the domains are tasks of one source, which share all layers.

    Examples
    --------
    >>> from polytask.datasets import fetch_office_caltech
    >>> fetch_office_caltech().dataset.tasks.names  # doctest: +SKIP
    ('amazon', 'caltech', 'dslr', 'webcam')
    """
    sources = {
        domain: pl.DataFrame({"words": np.sqrt(shares), domain: categories})
        for domain, (shares, categories) in _images().items()
    }
    dataset = MultiTaskDataset.from_sources(sources, [Task(name, "multiclass") for name in sources])
    return FetchedDataset(dataset, RandomSplit(test=0.2, validation=0.2), OFFICE_CALTECH)


def office_caltech_table() -> pl.DataFrame:
    """All images: shares of visual words ``word_000`` …, ``domain`` and ``category``, 1 to 10."""
    names = [f"word_{word:03}" for word in range(_WORDS)]
    return pl.concat(
        pl.DataFrame(shares, schema=names).with_columns(
            pl.lit(domain).alias("domain"), pl.Series("category", categories)
        )
        for domain, (shares, categories) in _images().items()
    )


def _images() -> dict[str, tuple[Float64[np.ndarray, "_n 800"], Int64[np.ndarray, " _n"]]]:
    """Shares of words and categories of each domain's images."""
    from scipy.io import loadmat

    images = {}
    for domain, path in zip(_FILES, obtain(OFFICE_CALTECH.name, OFFICE_CALTECH.files), strict=True):
        content = loadmat(path)
        counts = content["fts"].astype(np.float64)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        images[domain] = shares, content["labels"].ravel().astype(np.int64)
    return images
