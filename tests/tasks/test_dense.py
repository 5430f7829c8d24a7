"""Kinds of pixels: what they read, and what they say of targets that are none."""

import numpy as np
import polars as pl
import pytest

from polytask import MultiTaskDataset, Task
from polytask.exceptions import DataError, OneClassError, ParameterError
from polytask.tasks import DenseClasses, DenseNumbers, FittedTarget, named_kind

MASKS = np.array([[[0, 2], [2, 5]], [[5, 255], [0, 0]], [[0, 0], [0, 5]]], dtype=float)


def read(y, kind, name="mask"):
    x = np.zeros((len(y), 1, 2, 2))
    return MultiTaskDataset.from_arrays(x, {name: y}, [Task(name, kind)])


def test_classes_and_ignored_pixels():
    kind = named_kind("dense_classes:ignore=255")
    assert kind == DenseClasses(ignore=255)
    target = kind.fit("mask", {"mask": MASKS})
    assert target.classes == (0, 2, 5)
    assert target.learned == {"shape": (2.0, 2.0), "pixel_counts": (6.0, 2.0, 3.0)}
    later = np.array([[[5.0, 7.0], [255.0, np.nan]]])
    np.testing.assert_array_equal(kind.truth([later], target), [[[2, 3], [np.nan, np.nan]]])
    np.testing.assert_array_equal(kind.encode([later], target), [[[2, np.nan], [np.nan, np.nan]]])
    assert kind.counted([later], target).learned["pixel_counts"] == (0.0, 0.0, 1.0)


def test_shares_of_classes_at_each_pixel():
    kind = DenseClasses(ignore=255)
    target = kind.fit("mask", {"mask": MASKS})
    truth = kind.truth([MASKS], target)
    mean = kind.mean_response(truth, target, np.array([1.0, 3.0, 1.0]))
    np.testing.assert_allclose(mean[:, 0, 0], [2 / 5, 0, 3 / 5])
    np.testing.assert_allclose(mean[:, 0, 1], [1 / 2, 1 / 2, 0])
    nowhere = kind.mean_response(np.full((2, 2, 2), np.nan), target, np.ones(2))
    np.testing.assert_allclose(nowhere[:, 1, 1], np.array([6, 2, 3]) / 11)


def test_averages_are_mean_probabilities():
    kind, rng = DenseClasses(), np.random.default_rng(0)
    target = FittedTarget(("mask",), (0, 1, 2), {"shape": (2.0, 4.0)})
    raw = rng.normal(size=(5, 7, 3, 2, 4)).astype(np.float32)
    wanted = np.mean([kind.response(member, target) for member in raw], axis=0)
    given = kind.response(kind.average(raw), target)
    np.testing.assert_allclose(given, wanted, atol=1e-6)


def test_several_numbers_of_a_pixel_have_their_own_scale():
    normals = np.random.default_rng(0).normal([[[0.0]], [[5.0]]], [[[1.0]], [[9.0]]], (50, 2, 3, 4))
    kind = DenseNumbers()
    target = kind.fit("normal", {"normal": normals})
    np.testing.assert_allclose(target.learned["center"], normals.mean(axis=(0, 2, 3)))
    encoded = kind.encode([normals], target)
    np.testing.assert_allclose(encoded.std(axis=(0, 2, 3)), 1, rtol=1e-5)
    np.testing.assert_allclose(kind.response(encoded, target), normals, atol=1e-4)
    assert kind.score_shape(target) == kind.target_shape(target) == (2, 3, 4)


def test_targets_of_a_forged_model_are_refused():
    kind, numbers = DenseClasses(), DenseNumbers()
    target = kind.fit("mask", {"mask": MASKS})
    depth = numbers.fit("depth", {"depth": MASKS})
    assert kind.accepts(target)
    assert numbers.accepts(depth)
    for shape in ((0.0, 2.0), (2.0,), (2.5, 2.0), (8000.0, 8000.0), (1e9, 1.0)):
        forged = FittedTarget(("mask",), target.classes, {**target.learned, "shape": shape})
        assert not kind.accepts(forged)
        assert not numbers.accepts(FittedTarget(("d",), (), {**depth.learned, "shape": shape}))
    assert not kind.accepts(FittedTarget(("mask",), ("a", "b", "c"), target.learned))
    assert not kind.accepts(FittedTarget(("mask",), (5, 2, 0), target.learned))
    assert not numbers.accepts(FittedTarget(("d",), (), {**depth.learned, "scale": (0.0,)}))


@pytest.mark.parametrize(
    ("y", "kind", "sentence"),
    [
        (
            -MASKS,
            "dense_classes",
            r"'mask' must hold class numbers, .* Got -2 in row 0\. Make it NaN",
        ),
        (MASKS + 0.5, "dense_classes", r"whole and at least 0\. Got 0\.5 in row 0"),
        (
            MASKS[:, None],
            "dense_classes",
            r"\(height, width\) in each row\. Got arrays of shape \(1,",
        ),
        (
            MASKS[:, 0],
            "dense_numbers",
            r"\(channels, height, width\) .* Got arrays of shape \(2,\)",
        ),
        (["a.png", "b.png", None], "dense_classes", r"row 0: the image 'a\.png' is not there"),
        ([1.5, 2.5, 3.5], "dense_numbers", r"Got one value in each row, such as 1\.5"),
        (np.full((3, 2, 2), np.nan), "dense_numbers", "no observed label to learn from"),
        (
            [np.zeros((2, 2)), np.ones((2, 2)), np.zeros((3, 2))],
            "dense_classes",
            r"arrays of several sizes, \(2, 2\) in row 0 and \(3, 2\) in row 2\. Resize them",
        ),
        (
            [np.zeros((2, 2)), np.ones((2, 2)), np.zeros((3, 3))],
            "dense_classes",
            r"lists of different lengths \(\(2, 2\) in row 0, \(3, 3\) in row 2\)",
        ),
        (
            [[[0, 1], [1, 0]], None, [[0, 1, 1], [1, 0, 0]]],
            "dense_classes",
            r"arrays of several sizes, \(2, 2\) in row 0 and \(2, 3\) in row 2\. Resize them",
        ),
        (
            [[[0, 1], [1]], [[0, 1], [1, 0]], None],
            "dense_classes",
            r"rows of several lengths, 2 and 1 in row 0 of the table",
        ),
        (np.where(MASKS > 4, np.inf, MASKS), "dense_numbers", r"infinite value \(first in row 0\)"),
    ],
)
def test_refused_targets(y, kind, sentence):
    with pytest.raises(DataError, match=sentence):
        read(y, kind)


def test_nothing_but_ignored_pixels():
    with pytest.raises(DataError, match="all pixels are missing or 255, which is ignored"):
        DenseClasses(ignore=255).fit("mask", {"mask": np.full((2, 2, 2), 255.0)})
    with pytest.raises(OneClassError, match="holds only one class, 3, in the pixels"):
        DenseClasses().fit("mask", {"mask": np.full((2, 2, 2), 3.0)})


def test_what_no_file_may_hold_is_not_learned():
    """Rather than after hours of training, when the model is loaded."""
    mask = (np.arange(200.0 * 200) % 1000).reshape(1, 200, 200)
    with pytest.raises(DataError, match=r"1,000 classes in arrays of 200 x 200 pixels; at most"):
        DenseClasses().fit("mask", {"mask": mask})
    with pytest.raises(DataError, match=r"arrays of 1,001 channels; at most 1,000"):
        DenseNumbers().fit("depth", {"depth": np.ones((1, 1001, 1, 1))})


def test_texts_after_the_name():
    for text in ("", "255", "ignore=", "ignore=nan", "skip=3"):
        with pytest.raises(ParameterError, match=r"as in dense_numbers:ignore=255\. Got "):
            DenseNumbers.from_text(text)


def test_arrays_of_another_size_later():
    kind = DenseNumbers()
    target = kind.fit("depth", {"depth": MASKS})
    with pytest.raises(DataError, match=r"shape \(2, 2\) in the training rows, .* \(2, 1\) now"):
        kind.truth([MASKS[:, :, :1]], target)


def test_nested_lists_of_a_frame_are_arrays():
    frame = pl.DataFrame({"x": np.zeros((3, 1, 2, 2)), "mask": [*MASKS[:2].tolist(), None]})
    data = MultiTaskDataset.from_table(frame, [Task("mask", "dense_classes")])
    labels = data.sources[0].labelled()
    assert labels.rows("mask").tolist() == [0, 1]
    np.testing.assert_array_equal(labels.columns("mask")["mask"], MASKS[:2])


def test_a_task_has_one_size_in_all_sources():
    frames = {
        "near": pl.DataFrame({"x": np.zeros((3, 1, 2, 2)), "mask": MASKS}),
        "far": pl.DataFrame({"x": np.zeros((3, 1, 3, 2)), "mask": np.zeros((3, 3, 2))}),
    }
    with pytest.raises(DataError, match=r"several sizes, \(2, 2\) in near, \(3, 2\) in far"):
        MultiTaskDataset.from_sources(frames, [Task("mask", "dense_classes")])


def test_tables_of_tasks_of_one_size_share_a_source():
    rng = np.random.default_rng(0)

    def pair(size):
        masks = np.arange(4 * size * size).reshape(4, size, size) % 3
        return {"x": rng.normal(size=(4, 1, size, size))}, masks

    alike = MultiTaskDataset.from_per_task({"a": pair(2), "b": pair(2)}, kinds="dense_classes")
    assert [source.own_rows for source in alike.sources] == [True]
    apart = MultiTaskDataset.from_per_task({"a": pair(2), "b": pair(3)}, kinds="dense_classes")
    assert [source.name for source in apart.sources] == ["a", "b"]
