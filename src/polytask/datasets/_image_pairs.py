"""Pairs of a handwritten digit and a piece of clothing: two images, two labels."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask._validation import Interval, check
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._multi_fashion import MULTI_FASHION
from polytask.datasets._multi_mnist import MULTI_MNIST
from polytask.datasets._overlaid_images import (
    N_TEST,
    N_TRAIN,
    published_images,
    with_published_split,
)

__all__ = ["fetch_image_pairs"]

_TASKS = ("digit", "garment")
_PAIRS = DatasetInfo(
    name="image-pairs",
    description="An image of a handwritten digit and one of clothing in each row",
    rows=N_TRAIN + N_TEST,
    tasks=_TASKS,
    licence=f"{MULTI_MNIST.licence} and {MULTI_FASHION.licence}",
    citation="Y. LeCun et al., Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86, 1998; H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017",
    flags="--target digit:multiclass --target garment:multiclass",
    files=(*MULTI_MNIST.files, *MULTI_FASHION.files),
)


def fetch_image_pairs(
    n_train: int = N_TRAIN, n_test: int = N_TEST, *, seed: int = 0
) -> FetchedDataset:
    """Make pairs of an image of MNIST and one of Fashion-MNIST, each with its label as a task.

    Parameters
    ----------
    n_train : int in [1, 60000], default 60000
    n_test : int in [1, 10000], default 10000
        Numbers of pairs, whose digits are taken from the beginning.
    seed : int, default 0
        Seed of the pairs, which are drawn at random: a digit says nothing about its garment.

    Returns
    -------
    FetchedDataset
        Two tensor columns ``digit_image`` and ``garment_image`` of shape (1, 28, 28), grey values
        from 0 to 255; multiclass tasks ``digit`` and ``garment``, ten classes each. Training pairs
        consist of training images and test pairs of test images; a tenth of the training pairs is
        drawn for validation by the split's seed.

    Raises
    ------
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Examples
    --------
    >>> from polytask.datasets import fetch_image_pairs
    >>> fetch_image_pairs(2000, 500).dataset.tasks.names  # doctest: +SKIP
    ('digit', 'garment')
    """
    check("fetch_image_pairs", "n_train", n_train, Interval(int, 1, N_TRAIN))
    check("fetch_image_pairs", "n_test", n_test, Interval(int, 1, N_TEST))
    generator = np.random.default_rng(seed)
    parts = zip(
        published_images(MULTI_MNIST),
        published_images(MULTI_FASHION),
        (n_train, n_test),
        strict=True,
    )
    tables = []
    for (digits, digit), (garments, garment), count in parts:
        partner = generator.permutation(len(garment))[:count]
        columns = {
            "digit_image": digits[:count, None],
            "garment_image": garments[partner, None],
            "digit": digit[:count].astype(np.int64),
            "garment": garment[partner].astype(np.int64),
        }
        tables.append(pl.DataFrame(columns))
    return with_published_split(pl.concat(tables), _TASKS, n_train, _PAIRS, "the published ones")
