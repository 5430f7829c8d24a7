"""Average precision of boxes found in images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from polytask._validation import Interval, Optional, check
from polytask.exceptions import DataError
from polytask.metrics._boxes import Boxes

__all__ = ["DetectionScores", "detection_scores"]

_OWNER = "detection_scores"


class DetectionScores(NamedTuple):
    """Average precision of boxes.

    Parameters
    ----------
    average_precision : float
        Mean over classes; NaN if no image has a box.
    by_label : dict of int to float
        That of each class that an image has a box of.
    n_boxes : int
        How many boxes there were to find.
    """

    average_precision: float
    by_label: dict[int, float]
    n_boxes: int


def detection_scores(
    found: Boxes, truth: Sequence[Any], *, overlap: float = 0.5, points: int | None = None
) -> DetectionScores:
    r"""Measure boxes found in images: the area under precision by recall, mean over classes.

    From the highest score down each box takes, of the true boxes of its image and class that are still
    free, the one that it overlaps most. It is right if intersection over union is `overlap` or more.
    With precision :math:`p` and recall :math:`r` of the boxes down to each score,

    .. math:: \mathrm{AP} = \sum_k (r_k - r_{k-1}) \max_{j \ge k} p_j

    Parameters
    ----------
    found : Boxes
        Such as `center_boxes` reads from maps.
    truth : sequence of arrays of shape (n_boxes, 5)
        For each image its true boxes: class, left, top, right and bottom.
    overlap : float, default 0.5
        Intersection over union from which a box is right.
    points : int, optional
        At how many equally spaced recalls the highest precision at or beyond is averaged, such as 101.
        By default the whole area counts.

    Returns
    -------
    DetectionScores

    Raises
    ------
    DataError
        If boxes and images do not fit together.

    Notes
    -----
    The whole area is the measure of PASCAL VOC since 2010, and 101 points that of COCO; boxes are matched as
    in COCO, where VOC takes the true box of largest overlap even if it is taken. Edges are those of areas: a box
    from 0 to 8 is 8 wide, where VOC counts 9 pixels. Boxes of equal score count at once, so that no order is
    made of nothing; both benchmarks take them in the order of files. A class of which no image has a box is
    left out, wherever it is found.

    References
    ----------
    Everingham et al., "The PASCAL visual object classes (VOC) challenge", IJCV 2010. Lin et al., "Microsoft
    COCO: Common objects in context", ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import Boxes, detection_scores
    >>> truth = [np.array([[0, 0, 0, 8, 8], [0, 20, 0, 28, 8]])]
    >>> edges = np.array([[0.0, 0, 8, 8], [40, 0, 48, 8], [20, 1, 28, 9]])
    >>> found = Boxes(np.zeros(3, int), np.zeros(3, int), edges, np.array([0.9, 0.8, 0.7]))
    >>> round(detection_scores(found, truth).average_precision, 3)
    0.833
    """
    check(_OWNER, "overlap", overlap, Interval(float, 0.0, 1.0, closed="right"))
    check(_OWNER, "points", points, Optional(Interval(int, 2)))
    boxes = [_true_boxes(own) for own in truth]
    found = Boxes(*map(np.asarray, found))
    _check(found, boxes)
    labels = np.unique([label for own in boxes for label in own[:, 0]])
    by_label = {
        int(label): _average_precision(
            Boxes(*(each[found.label == label] for each in found)),
            [own[own[:, 0] == label, 1:] for own in boxes],
            overlap,
            points,
        )
        for label in labels
    }
    mean = float(np.mean(list(by_label.values()))) if by_label else float("nan")
    return DetectionScores(mean, by_label, sum(map(len, boxes)))


def _average_precision(
    found: Boxes, truth: list[np.ndarray], overlap: float, points: int | None
) -> float:
    """Average precision of one class."""
    right, score = _matched(found, truth, overlap)
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True))[: len(score)]
    n_right, n_found = np.cumsum(right)[ends], ends + 1
    recall = n_right / sum(map(len, truth))
    precision = np.maximum.accumulate((n_right / n_found)[::-1])[::-1]
    if points is None:
        return float(np.diff(recall, prepend=0.0) @ precision)
    first = np.searchsorted(recall, np.linspace(0, 1, points) - 1e-12)
    return float(np.append(precision, 0.0)[first].mean())


def _matched(
    found: Boxes, truth: list[np.ndarray], overlap: float
) -> tuple[Bool[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Which boxes are right, and the score of each, from the highest down.

    Among equal scores those that overlap a true box most come first.
    """
    overlaps = [
        _overlaps(box, truth[image]) for box, image in zip(found.edges, found.image, strict=True)
    ]
    largest = np.array([own.max(initial=0.0) for own in overlaps])
    order = np.lexsort((-largest, -found.score))
    free = [np.ones(len(own), dtype=bool) for own in truth]
    right = np.zeros(len(order), dtype=bool)
    for position, box in enumerate(order):
        image, own = found.image[box], overlaps[box]
        open_ones = np.where(free[image], own, 0.0)
        if open_ones.max(initial=0.0) >= overlap:
            right[position] = True
            free[image][open_ones.argmax()] = False
    return right, found.score[order]


def _overlaps(box: Float64[np.ndarray, "4"], others: Float64[np.ndarray, "k 4"]) -> np.ndarray:
    """Intersection over union of a box with others."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = sides.clip(min=0).prod(axis=1)
    either = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod() - shared
    return np.divide(shared, either, out=np.zeros(len(others)), where=either > 0)


def _true_boxes(given: Any) -> Float64[np.ndarray, "k 5"]:
    """The boxes of one image; none may be an empty list."""
    boxes = np.asarray(given, dtype=np.float64)
    if boxes.size == 0:
        return np.zeros((0, 5))
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        sentence = (
            f"{_OWNER} needs true boxes of shape (n_boxes, 5) for each image: class, left, top, right and "
            f"bottom. Got {boxes.shape} instead."
        )
        raise DataError(sentence)
    return boxes


def _check(found: Boxes, truth: list[np.ndarray]) -> None:
    """Raise unless boxes have edges in order and scores, and images that there are."""
    n = len(found.score)
    if found.edges.shape != (n, 4) or found.image.shape != (n,) or found.label.shape != (n,):
        sentence = (
            f"{_OWNER} needs an image, a label, four edges and a score for each box that is found. Got arrays "
            f"of the shapes {', '.join(str(each.shape) for each in found)} instead."
        )
        raise DataError(sentence)
    if n and not (found.image.min() >= 0 and found.image.max() < len(truth)):
        sentence = (
            f"{_OWNER} needs the true boxes of every image, empty arrays of shape (0, 5) too. Got those of "
            f"{len(truth)} images, and a box found in image {found.image.max()}."
        )
        raise DataError(sentence)
    every = [("found", found.edges), *(("true", own[:, 1:]) for own in truth)]
    for which, edges in every:
        wrong = ~np.isfinite(edges).all(axis=1) | (edges[:, 2:] < edges[:, :2]).any(axis=1)
        if wrong.any():
            sentence = (
                f"{_OWNER}: edges must be left, top, right and bottom, in this order of size. Got a {which} box "
                f"{edges[wrong][0].tolist()}."
            )
            raise DataError(sentence)
    if not np.isfinite(found.score).all():
        raise DataError(f"{_OWNER}: scores must be finite. Leave such boxes out.")
