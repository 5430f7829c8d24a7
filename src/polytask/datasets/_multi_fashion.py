"""MultiFashion: two overlapping pictures of clothes, one task each."""

from __future__ import annotations

import polars as pl

from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._overlaid_images import (
    N_TEST,
    N_TRAIN,
    OVERLAID_FLAGS,
    OVERLAID_TASKS,
    fetch_overlaid,
    overlaid_table,
)
from polytask.datasets._public_file import PublicFile

__all__ = ["MULTI_FASHION", "fetch_multi_fashion", "multi_fashion_table"]

_SOURCES = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
)


def _file(name: str, size: int, packed: str, content: str) -> PublicFile:
    urls = tuple(f"{source}/{name}" for source in _SOURCES)
    return PublicFile(f"fashion_mnist/{name}", size, packed, urls, content)


MULTI_FASHION = DatasetInfo(
    name="multi-fashion",
    description="Two overlapping pieces of clothing in an image: the left one, the right one",
    rows=N_TRAIN + N_TEST,
    tasks=OVERLAID_TASKS,
    licence="MIT",
    citation="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for "
    "benchmarking machine learning algorithms, 2017; overlaid as in X. Lin et al., Pareto "
    "multi-task learning, NeurIPS 2019",
    flags=OVERLAID_FLAGS,
    files=(
        _file(
            "train-images-idx3-ubyte.gz",
            26_421_856,
            "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            29_491,
            "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            4_422_079,
            "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            5125,
            "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
)


def fetch_multi_fashion(
    n_train: int = N_TRAIN, n_test: int = N_TEST, *, seed: int = 0
) -> FetchedDataset:
    """Make overlaid images of two of Fashion-MNIST's, with the left and the right one as tasks.

    Parameters
    ----------
    n_train : int in [1, 60000], default 60000
    n_test : int in [1, 10000], default 10000
        Numbers of images, taken from the beginning.
    seed : int, default 0
        Seed of the pairs.

    Returns
    -------
    FetchedDataset
        Images as one tensor column ``image`` of shape (1, 36, 36), grey values from 0 to 255;
        multiclass tasks ``left`` and ``right``, ten kinds of clothing each. Training images
        consist of training images of Fashion-MNIST and test images of its test images; a tenth of
        the training images is drawn for validation by the split's seed.

    Raises
    ------
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Notes
    -----
    Overlaid as in `fetch_multi_mnist`.

    Examples
    --------
    >>> from polytask.datasets import fetch_multi_fashion
    >>> clothes = fetch_multi_fashion(n_train=2000, n_test=500)  # doctest: +SKIP
    >>> clothes.dataset.tasks.names  # doctest: +SKIP
    ('left', 'right')
    """
    return fetch_overlaid(
        "fetch_multi_fashion", MULTI_FASHION, n_train, n_test, seed, "Fashion-MNIST's"
    )


def multi_fashion_table() -> pl.DataFrame:
    """All images, pixel by pixel, with ``left``, ``right`` and ``split``, train or test."""
    return overlaid_table(MULTI_FASHION)
