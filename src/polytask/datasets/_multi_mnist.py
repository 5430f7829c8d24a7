"""MultiMNIST: two overlapping handwritten digits, one task each."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Integer, UInt8

from polytask._validation import Interval, check
from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["MULTI_MNIST", "fetch_multi_mnist", "multi_mnist_table"]

_N_TRAIN, _N_TEST = 60_000, 10_000
_DIGIT, _CANVAS = 28, 36
_TARGETS = ("left", "right")
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
    rows=_N_TRAIN + _N_TEST,
    tasks=_TARGETS,
    licence="CC BY-SA 3.0",
    citation="Y. LeCun et al., Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86, 1998; overlaid as in S. Sabour et al., Dynamic routing between "
    "capsules, NeurIPS 2017",
    flags="--target left:multiclass --target right:multiclass --split column:split",
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
    n_train: int = _N_TRAIN, n_test: int = _N_TEST, *, seed: int = 0
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
    check("fetch_multi_mnist", "n_train", n_train, Interval(int, 1, _N_TRAIN))
    check("fetch_multi_mnist", "n_test", n_test, Interval(int, 1, _N_TEST))
    images, labels = _images(n_train, n_test, seed)
    table = pl.DataFrame(
        {"image": images[:, None], **dict(zip(_TARGETS, labels.T.copy(), strict=True))}
    )
    dataset = MultiTaskDataset.from_table(table, [Task(name, "multiclass") for name in _TARGETS])
    source = dataset.sources[0].name
    split = Split(
        train={source: np.arange(n_train)},
        validation={},
        test={source: np.arange(n_train, n_train + n_test)},
        name="MNIST's",
    )
    return FetchedDataset(dataset, FixedSplit((split,), validation=0.1), MULTI_MNIST)


def multi_mnist_table() -> pl.DataFrame:
    """All images, pixel by pixel, with ``left``, ``right`` and ``split``, train or test."""
    images, labels = _images(_N_TRAIN, _N_TEST, seed=0)
    names = [f"pixel_{row}_{column}" for row in range(_CANVAS) for column in range(_CANVAS)]
    pixels = pl.DataFrame(images.reshape(len(images), -1), schema=names)
    return pixels.with_columns(
        pl.Series("left", labels[:, 0]),
        pl.Series("right", labels[:, 1]),
        pl.Series("split", ["train"] * _N_TRAIN + ["test"] * _N_TEST),
    )


def _images(
    n_train: int, n_test: int, seed: int
) -> tuple[UInt8[np.ndarray, "n 36 36"], Integer[np.ndarray, "n 2"]]:
    """Training images and then test images, with their two digits."""
    train, train_labels, test, test_labels = obtain(MULTI_MNIST.name, MULTI_MNIST.files)
    generator = np.random.default_rng(seed)
    parts = []
    for images, labels, count in ((train, train_labels, n_train), (test, test_labels, n_test)):
        digits, known = _read_values(images).reshape(-1, _DIGIT, _DIGIT), _read_values(labels)
        partner = generator.permutation(len(known))[:count]
        overlaid = overlay(digits[:count], digits[partner])
        parts.append((overlaid, np.stack([known[:count], known[partner]], axis=1)))
    overlaid, known = zip(*parts, strict=True)
    return np.concatenate(overlaid), np.concatenate(known).astype(np.int64)


def overlay(
    left: UInt8[np.ndarray, "n 28 28"], right: UInt8[np.ndarray, "n 28 28"]
) -> UInt8[np.ndarray, "n 36 36"]:
    """Overlay digits at the top left and at the bottom right; the brighter value counts."""
    canvas = np.zeros((len(left), _CANVAS, _CANVAS), dtype=np.uint8)
    canvas[:, :_DIGIT, :_DIGIT] = left
    corner = canvas[:, -_DIGIT:, -_DIGIT:]
    np.maximum(corner, right, out=corner)
    return canvas


def _read_values(path: Path) -> UInt8[np.ndarray, " n"]:
    """The values of a file in MNIST's format, whose header states the number of axes."""
    with gzip.open(path) as content:
        cells = np.frombuffer(content.read(), dtype=np.uint8)
    return cells[4 + 4 * int(cells[3]) :]
