"""Boxes read from maps, and their average precision, against COCO's evaluation and the definition."""

import numpy as np
import pytest

from polytask.datasets import make_scenes
from polytask.exceptions import DataError, ParameterError
from polytask.metrics import Boxes, center_boxes, detection_scores

NONE = Boxes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 4)), np.zeros(0))
TRUTH = [np.array([[2.0, 0, 0, 8, 8], [3.0, 8, 8, 16, 20]]), np.array([[2.0, 4, 4, 12, 12]])]
EXACT = [[0, 2, 0, 0, 8, 8, 0.9], [0, 3, 8, 8, 16, 20, 0.8], [1, 2, 4, 4, 12, 12, 0.7]]
COCO = {
    0.5: {0: 0.532987, 1: 0.463574, 2: 0.269016},
    0.75: {0: 0.12082, 1: 0.062545, 2: 0.017898},
}
"""By class, from pycocotools 2.0.11: `COCOeval(truth, found, "bbox")` with `iouThrs` 0.5 and 0.75 and
boxes [left, top, width, height] of `drawn()`; `eval["precision"][threshold, :, class, 0, 2].mean()`."""


def boxes(rows):
    image, label, *edges, score = np.array(rows, dtype=float).T
    return Boxes(image.astype(int), label.astype(int), np.array(edges).T, score)


def drawn(*, ties=False):
    """Boxes of 40 images, and what a poor detector makes of them; class 3 is found and never there."""
    generator = np.random.default_rng(0)
    truth, found = [], []
    for image in range(40):
        n = generator.integers(0, 6)
        corner, size = generator.uniform(0, 60, (n, 2)), generator.uniform(8, 40, (n, 2))
        labels = generator.integers(0, 3, n)
        truth.append(np.column_stack([labels, corner, corner + size]))
        others = [[3, 0, 0, 9, 9], [1, 5, 5, 30, 30]]
        for label, *edges in [*truth[-1], *truth[-1][::2], *others]:
            if generator.random() < 0.8:
                score = generator.random()
                left, top, right, bottom = edges + generator.normal(scale=3, size=4)
                wrong = generator.random() < 0.1
                sides = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
                score = round(score, 1) if ties else score
                found.append([image, (label + wrong) % 4, *sides, score])
    return boxes(found), truth


def shuffled(found, seed):
    order = np.random.default_rng(seed).permutation(len(found.score))
    return Boxes(*(each[order] for each in found))


@pytest.mark.parametrize("overlap", [0.5, 0.75])
def test_at_101_points_it_is_that_of_coco(overlap):
    found, truth = drawn()
    scores = detection_scores(shuffled(found, 1), truth, overlap=overlap, points=101)
    assert scores.by_label == pytest.approx(COCO[overlap], abs=1e-6)
    assert scores.average_precision == pytest.approx(
        np.mean(list(COCO[overlap].values())), abs=1e-6
    )
    assert scores.n_boxes == sum(map(len, truth))


def test_without_points_it_is_the_whole_area():
    found, truth = drawn()
    whole, many = detection_scores(found, truth), detection_scores(found, truth, points=100_001)
    assert whole.by_label == pytest.approx(many.by_label, abs=2e-5)
    assert whole.by_label != pytest.approx(detection_scores(found, truth, points=101).by_label)


def test_by_hand():
    assert detection_scores(boxes(EXACT), TRUTH).average_precision == 1.0
    # A second box at the first object is wrong, and stands before the third.
    twice = boxes([*EXACT, [0, 2, 0, 0, 8, 8, 0.8]])
    assert detection_scores(twice, TRUTH).by_label == {2: pytest.approx((1 + 2 / 3) / 2), 3: 1.0}
    # Boxes that overlap by less than half are wrong, and what is not found lowers the recall.
    far = boxes([[0, 2, 4, 0, 12, 8, 0.9], EXACT[1]])
    assert detection_scores(far, TRUTH).by_label == {2: 0.0, 3: 1.0}
    assert detection_scores(far, TRUTH, overlap=1 / 3).by_label == {2: 0.5, 3: 1.0}
    # A box takes the free one, though a taken one overlaps more.
    near = [np.array([[0.0, 0, 0, 8, 8], [0.0, 2, 0, 10, 8]])]
    both = boxes([[0, 0, 0, 0, 8, 8, 0.9], [0, 0, 0.5, 0, 8.5, 8, 0.8]])
    assert detection_scores(both, near).average_precision == 1.0


def test_boxes_of_equal_score_count_at_once():
    found, truth = drawn(ties=True)
    first = detection_scores(found, truth)
    for seed in range(5):
        assert detection_scores(shuffled(found, seed), truth) == first
    equal = boxes([[0, 2, 50, 50, 60, 60, 0.9], [0, 2, 0, 0, 8, 8, 0.9]])
    assert detection_scores(equal, TRUTH).by_label[2] == 0.25  # half of the objects at half right


def test_nothing_found_and_nothing_there():
    assert detection_scores(NONE, TRUTH) == (0.0, {2: 0.0, 3: 0.0}, 3)
    for truth in ([], [[], np.zeros((0, 5))]):
        nothing = detection_scores(NONE, truth)
        assert np.isnan(nothing.average_precision)
        assert nothing[1:] == ({}, 0)
    nowhere = boxes([[1, 2, 0, 0, 8, 8, 0.5]])
    assert np.isnan(detection_scores(nowhere, [[], []]).average_precision)
    empty = boxes([[0, 2, 3, 3, 3, 3, 0.5]])  # without an area
    assert detection_scores(empty, [np.array([[2.0, 3, 3, 3, 3]])]).average_precision == 0.0


@pytest.mark.parametrize(
    ("found", "truth", "fault"),
    [
        (boxes(EXACT), TRUTH[:1], r"empty arrays .* of 1 images, and a box found in image 1"),
        (
            boxes([[0, 2, 8, 0, 0, 8, 0.9]]),
            TRUTH,
            r"in this order of size. Got a found box \[8.0, 0",
        ),
        (boxes([[0, 2, 0, 0, 8, 8, np.nan]]), TRUTH, "scores must be finite"),
        (NONE, [np.array([[2.0, 0, np.nan, 8, 8]])], "Got a true box"),
        (NONE, [np.zeros((5, 4))], r"shape \(n_boxes, 5\) .* Got \(5, 4\) instead"),
        (NONE._replace(image=np.zeros(1, int)), TRUTH, r"a score for each box .* shapes \(1,\)"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(found, truth, fault):
    with pytest.raises(DataError, match=fault):
        detection_scores(found, truth)


def test_true_maps_are_decoded_to_the_true_boxes():
    data, truth = make_scenes(30, 64, targets=("centers", "sizes"), most_objects=2)
    labels = data.sources[0].labelled()
    heat, sizes = (np.stack(list(labels.columns(name)[name])) for name in ("centers", "sizes"))
    found = center_boxes(heat, np.nan_to_num(sizes), stride=4, labels=(2, 3), lowest=0.99)
    # Centers are off by at most half a place, which makes most of a difference to narrow boxes.
    assert detection_scores(found, truth.boxes, overlap=0.1).average_precision == 1.0
    assert detection_scores(found, truth.boxes, overlap=0.5).by_label[3] > 0.9
    alone = center_boxes(heat[:, 0], np.nan_to_num(sizes), stride=4, lowest=0.99)
    assert set(alone.label) == {0}
    assert len(alone.score) == (found.label == 2).sum()


def test_peaks_are_those_without_a_higher_neighbor():
    heat = np.zeros((1, 2, 4, 5))
    heat[0, 0, 1, 1:3] = 0.5, 0.9
    heat[0, 1, 3, 4], heat[0, 1, 0, 0], heat[0, 1, 0, 1] = 0.3, 0.01, 0.02
    sizes = np.ones((1, 2, 4, 5)) * [[[2.0]], [[4.0]]]
    found = center_boxes(heat, sizes)
    assert found.score.tolist() == [0.9, 0.3]
    assert found.label.tolist() == [0, 1]
    assert found.edges.tolist() == [[1.5, -0.5, 3.5, 3.5], [3.5, 1.5, 5.5, 5.5]]
    assert center_boxes(heat, sizes, most=1).score.tolist() == [0.9]
    assert len(center_boxes(heat, sizes, lowest=0.0).score) == 3
    assert len(center_boxes(heat, sizes, lowest=1.0).score) == 0
    both = center_boxes(np.repeat(heat, 3, axis=0), np.repeat(sizes, 3, axis=0), most=1)
    assert both.image.tolist() == [0, 1, 2]


def test_maps_that_do_not_fit_are_refused():
    heat, sizes = np.zeros((2, 3, 4, 4)), np.zeros((2, 2, 4, 4))
    with pytest.raises(DataError, match=r"Got \(2, 3, 4, 4\) and \(2, 3, 4, 4\) instead"):
        center_boxes(heat, heat)
    with pytest.raises(DataError, match=r"a label for each of the 3 heat maps of an image\. Got 2"):
        center_boxes(heat, sizes, labels=(2, 3))
    sizes[1, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="sizes must be finite; image 1 is not"):
        center_boxes(heat, sizes)
    with pytest.raises(ParameterError, match="`stride` parameter of center_boxes"):
        center_boxes(heat, sizes, stride=0)
