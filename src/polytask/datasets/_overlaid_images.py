"""Images of two pictures that overlap, one task each."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Integer, UInt8

from polytask._validation import Interval, check
from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.tasks import Task

__all__ = [
    "N_TEST",
    "N_TRAIN",
    "OVERLAID_FLAGS",
    "OVERLAID_TASKS",
    "fetch_overlaid",
    "overlaid_table",
    "overlay",
    "published_images",
    "with_published_split",
]

N_TRAIN, N_TEST = 60_000, 10_000
OVERLAID_TASKS = ("left", "right")
OVERLAID_FLAGS = "--target left:multiclass --target right:multiclass --split column:split"
_SIDE, _CANVAS = 28, 36

Images = tuple[UInt8[np.ndarray, "_n 28 28"], UInt8[np.ndarray, " _n"]]


def fetch_overlaid(
    caller: str, info: DatasetInfo, n_train: int, n_test: int, seed: int, name: str
) -> FetchedDataset:
    """Overlaid images of the files of `info`, in the format of MNIST, with the split `name`."""
    check(caller, "n_train", n_train, Interval(int, 1, N_TRAIN))
    check(caller, "n_test", n_test, Interval(int, 1, N_TEST))
    images, labels = _overlaid(info, n_train, n_test, seed)
    table = pl.DataFrame(
        {"image": images[:, None], **dict(zip(OVERLAID_TASKS, labels.T.copy(), strict=True))}
    )
    return with_published_split(table, OVERLAID_TASKS, n_train, info, name)


def with_published_split(
    table: pl.DataFrame, tasks: Sequence[str], n_train: int, info: DatasetInfo, name: str
) -> FetchedDataset:
    """A table of images: its first rows train, and the others test."""
    dataset = MultiTaskDataset.from_table(table, [Task(task, "multiclass") for task in tasks])
    source = dataset.sources[0].name
    split = Split(
        train={source: np.arange(n_train)},
        validation={},
        test={source: np.arange(n_train, len(table))},
        name=name,
    )
    return FetchedDataset(dataset, FixedSplit((split,), validation=0.1), info)


def overlaid_table(info: DatasetInfo) -> pl.DataFrame:
    """All images, pixel by pixel, with ``left``, ``right`` and ``split``, train or test."""
    images, labels = _overlaid(info, N_TRAIN, N_TEST, seed=0)
    names = [f"pixel_{row}_{column}" for row in range(_CANVAS) for column in range(_CANVAS)]
    pixels = pl.DataFrame(images.reshape(len(images), -1), schema=names)
    return pixels.with_columns(
        pl.Series("left", labels[:, 0]),
        pl.Series("right", labels[:, 1]),
        pl.Series("split", ["train"] * N_TRAIN + ["test"] * N_TEST),
    )


def published_images(info: DatasetInfo) -> tuple[Images, Images]:
    """Images and labels for training, and for the test."""
    train, train_labels, test, test_labels = (
        _read_values(path) for path in obtain(info.name, info.files)
    )
    return (
        (train.reshape(-1, _SIDE, _SIDE), train_labels),
        (test.reshape(-1, _SIDE, _SIDE), test_labels),
    )


def _overlaid(
    info: DatasetInfo, n_train: int, n_test: int, seed: int
) -> tuple[UInt8[np.ndarray, "n 36 36"], Integer[np.ndarray, "n 2"]]:
    """Training images and then test images, with their two labels."""
    generator = np.random.default_rng(seed)
    parts = []
    for (images, known), count in zip(published_images(info), (n_train, n_test), strict=True):
        partner = generator.permutation(len(known))[:count]
        overlaid = overlay(images[:count], images[partner])
        parts.append((overlaid, np.stack([known[:count], known[partner]], axis=1)))
    overlaid, labels = zip(*parts, strict=True)
    return np.concatenate(overlaid), np.concatenate(labels).astype(np.int64)


def overlay(
    left: UInt8[np.ndarray, "n 28 28"], right: UInt8[np.ndarray, "n 28 28"]
) -> UInt8[np.ndarray, "n 36 36"]:
    """Overlay pictures at the top left and at the bottom right; the brighter value counts."""
    canvas = np.zeros((len(left), _CANVAS, _CANVAS), dtype=np.uint8)
    canvas[:, :_SIDE, :_SIDE] = left
    corner = canvas[:, -_SIDE:, -_SIDE:]
    np.maximum(corner, right, out=corner)
    return canvas


def _read_values(path: Path) -> UInt8[np.ndarray, " n"]:
    """The values of a file in MNIST's format, whose header states the number of axes."""
    with gzip.open(path) as content:
        cells = np.frombuffer(content.read(), dtype=np.uint8)
    return cells[4 + 4 * int(cells[3]) :]
