"""MultiMNIST: two overlapping handwritten digits, one task each."""

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

__all__ = ["MULTI_MNIST", "fetch_multi_mnist", "multi_mnist_table"]

_SOURCES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


def _file(name: str, size: int, packed: str, content: str) -> PublicFile:
    urls = tuple(f"{source}/{name}" for source in _SOURCES)
    return PublicFile(f"mnist/{name}", size, packed, urls, content)


MULTI_MNIST = DatasetInfo(
    name="multi-mnist",
    description="Two overlapping handwritten digits in an image: the left one, the right one",
    rows=N_TRAIN + N_TEST,
    tasks=OVERLAID_TASKS,
    licence="CC BY-SA 3.0",
    citation="Y. LeCun et al., Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86, 1998; overlaid as in S. Sabour et al., Dynamic routing between "
    "capsules, NeurIPS 2017",
    flags=OVERLAID_FLAGS,
    files=(
        _file(
            "train-images-idx3-ubyte.gz",
            9_630_610,
            "7ff28fd295f802eefc6d40e461175dfe4b969b1842b2abc8c6dc8c20711cf79f",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            28_878,
            "81a978ae83d39ffdba0db3ce2fcaf80a8921e9629e874428996a2b03242d4b2a",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            1_602_050,
            "197e111ae341b0770be9011ac5e622d0e6cd1c640b32eb0de5dc1dd26cc6e182",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            4517,
            "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
)


def fetch_multi_mnist(
    n_train: int = N_TRAIN, n_test: int = N_TEST, *, seed: int = 0
) -> FetchedDataset:
    """Make overlaid images of two MNIST digits, with the left and the right digit as tasks.

    Parameters
    ----------
    n_train : int in [1, 60000], default 60000
    n_test : int in [1, 10000], default 10000
        Numbers of images, taken from the beginning.
    seed : int, default 0
        Seed of the pairs of digits.

    Returns
    -------
    FetchedDataset
        Images as one tensor column ``image`` of shape (1, 36, 36), grey values from 0 to 255;
        multiclass tasks ``left`` and ``right``, ten digits each. Training images consist of
        MNIST's training digits and test images of its test digits; a tenth of the training images
        is drawn for validation by the split's seed.

    Raises
    ------
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Notes
    -----
    The first digit is at the top left of 36 × 36 pixels, the second at the bottom right, shifted by
    8 pixels along both axes; overlapping pixels take the brighter value. Each digit of MNIST is
    used once as a left and once as a right one. Other versions differ: Sabour et al. shift digits
    by up to 4 pixels and pair only different ones, Sener & Koltun (NeurIPS 2018) shrink the image
    to 28 × 28.

    Examples
    --------
    >>> from polytask.datasets import fetch_multi_mnist
    >>> digits = fetch_multi_mnist(n_train=2000, n_test=500)  # doctest: +SKIP
    >>> digits.dataset.tasks.names  # doctest: +SKIP
    ('left', 'right')
    """
    return fetch_overlaid("fetch_multi_mnist", MULTI_MNIST, n_train, n_test, seed, "MNIST's")


def multi_mnist_table() -> pl.DataFrame:
    """All images, pixel by pixel, with ``left``, ``right`` and ``split``, train or test."""
    return overlaid_table(MULTI_MNIST)
