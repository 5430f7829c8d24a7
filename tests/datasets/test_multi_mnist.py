import gzip

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing
from polytask.datasets import as_table, fetch_multi_mnist
from polytask.datasets._overlaid_images import overlay
from polytask.exceptions import ParameterError
from polytask.training import Trainer


@pytest.fixture(scope="module")
def small(polytask_data):
    return fetch_multi_mnist(n_train=300, n_test=100)


def images(fetched):
    return fetched.dataset.sources[0].inputs["image"].to_numpy()


def labels(fetched):
    labelled = fetched.dataset.sources[0].labelled()
    return {
        task: next(iter(labelled.columns(task).values())).astype(int) for task in ("left", "right")
    }


def test_the_brighter_value_counts_where_digits_overlap():
    generator = np.random.default_rng(0)
    left, right = generator.integers(0, 256, size=(2, 3, 28, 28), dtype=np.uint8)
    got = overlay(left, right)
    assert got.shape == (3, 36, 36)
    assert got.dtype == np.uint8
    for row in range(36):
        for column in range(36):
            top = left[:, row, column] if row < 28 and column < 28 else 0
            bottom = right[:, row - 8, column - 8] if row >= 8 and column >= 8 else 0
            assert (got[:, row, column] == np.maximum(top, bottom)).all()


def test_images_hold_both_digits_of_the_files(small, polytask_data):
    with gzip.open(polytask_data / "mnist" / "train-images-idx3-ubyte.gz") as content:
        digits = np.frombuffer(content.read(), dtype=np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(polytask_data / "mnist" / "train-labels-idx1-ubyte.gz") as content:
        known = np.frombuffer(content.read(), dtype=np.uint8, offset=8)
    image, answers = images(small), labels(small)
    assert image.shape == (400, 1, 36, 36)
    np.testing.assert_array_equal(answers["left"][:300], known[:300])
    for row in range(300):
        assert (image[row, 0, :28, :28] >= digits[row]).all()
        # the first eight rows hold nothing but the left digit, the last nothing but the right
        np.testing.assert_array_equal(image[row, 0, :8, :28], digits[row, :8])
    by_foot = {}  # labels of the digits with the same last eight rows
    for digit, label in zip(digits, known, strict=True):
        by_foot.setdefault(digit[20:].tobytes(), set()).add(label)
    for row in range(300):
        assert answers["right"][row] in by_foot[image[row, 0, 28:, 8:].tobytes()]


def test_two_tasks_of_ten_classes(small):
    assert small.dataset.tasks.names == small.info.tasks
    assert [task.known_kind.name for task in small.dataset.tasks] == ["multiclass"] * 2
    answers = labels(small)
    assert set(answers["left"]) == set(answers["right"]) == set(range(10))
    assert 0.03 < (answers["left"] == answers["right"]).mean() < 0.2


def test_fewer_images_are_the_first_and_pairs_follow_the_seed(small, polytask_data):
    fewer = fetch_multi_mnist(n_train=50, n_test=20)
    np.testing.assert_array_equal(images(fewer)[:50], images(small)[:50])
    np.testing.assert_array_equal(images(fewer)[50:], images(small)[300:320])
    assert fewer.dataset.digest() == fetch_multi_mnist(n_train=50, n_test=20).dataset.digest()
    other = fetch_multi_mnist(n_train=50, n_test=20, seed=1)
    np.testing.assert_array_equal(labels(other)["left"], labels(fewer)["left"])
    assert (labels(other)["right"] != labels(fewer)["right"]).any()


def test_training_and_test_images_are_made_of_different_digits(small):
    (split,) = small.split.splits(small.dataset, seed=0)
    name = small.dataset.sources[0].name
    np.testing.assert_array_equal(split.test[name], np.arange(300, 400))
    assert len(split.train[name]) == pytest.approx(270, abs=10)
    assert len(split.validation[name]) == pytest.approx(30, abs=10)


def lenet(in_shape):
    return nn.Sequential(
        nn.Conv2d(in_shape[0], 4, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(256, 16)
    )


def test_a_network_of_convolutions_learns_from_it(small):
    train, validation, _ = small.split.splits(small.dataset, seed=0)[0].apply(small.dataset)
    trainer = Trainer(steps=25, batch_size=64, learning_rate=5e-3)
    trained = trainer.fit(HardSharing(lenet), train, validation)
    (record, *_) = trained.history.epochs
    assert torch.isfinite(torch.tensor(list(record.train_losses.values()))).all()


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("counts", [{"n_train": 0}, {"n_train": 60_001}, {"n_test": 10_001}])
def test_more_images_than_there_are_digits_are_refused(counts):
    (name,) = counts
    with pytest.raises(ParameterError, match=f"`{name}` parameter of fetch_multi_mnist"):
        fetch_multi_mnist(**counts)


@pytest.mark.slow
def test_the_whole_set(polytask_data):
    whole = fetch_multi_mnist()
    assert whole.dataset.sources[0].n_rows == 70_000
    answers = labels(whole)
    # every digit of MNIST is once a left and once a right one
    for part in (slice(60_000), slice(60_000, None)):
        left, right = (np.bincount(answers[task][part]) for task in ("left", "right"))
        np.testing.assert_array_equal(left, right)
    table = as_table("multi_mnist")
    assert table.shape == (70_000, 36 * 36 + 3)
    assert table.columns[-3:] == ["left", "right", "split"]
    assert table["split"].value_counts().sort("split")["count"].to_list() == [10_000, 60_000]
    np.testing.assert_array_equal(table["right"].to_numpy(), answers["right"])
    first = table.select(pl.exclude("left", "right", "split")).head(3).to_numpy()
    np.testing.assert_array_equal(first.reshape(3, 36, 36), images(whole)[:3, 0])
