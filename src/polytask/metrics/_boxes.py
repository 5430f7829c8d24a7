"""Boxes of objects in images, read from heat maps of their centers and maps of their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from polytask._validation import Each, Interval, Optional, check
from polytask.exceptions import DataError

__all__ = ["Boxes", "center_boxes"]


class Boxes(NamedTuple):
    """Boxes found in images.

    Parameters
    ----------
    image : array of shape (n_boxes,)
        The number of each box's image, from 0.
    label : array of shape (n_boxes,)
        Its class.
    edges : array of shape (n_boxes, 4)
        Left, top, right and bottom, in pixels.
    score : array of shape (n_boxes,)
        Higher for a box that is likelier to be right.
    """

    image: Int64[np.ndarray, " k"]
    label: Int64[np.ndarray, " k"]
    edges: Float64[np.ndarray, "k 4"]
    score: Float64[np.ndarray, " k"]


def center_boxes(
    heat: Any,
    sizes: Any,
    *,
    stride: float = 1.0,
    labels: Sequence[int] | None = None,
    lowest: float = 0.02,
    most: int = 100,
) -> Boxes:
    """Read boxes from the responses of a `HeatMap` of centers and of `DenseNumbers` of sizes.

    A box is where a heat map has a peak: no neighbor, of eight, is higher.

    Parameters
    ----------
    heat : array of shape (n, height, width) or (n, n_labels, height, width)
        A map for each class of objects, from 0 to 1.
    sizes : array of shape (n, 2, height, width)
        Width and height of an object whose center is there, in pixels of the image.
    stride : float, default 1.0
        How many pixels of the image a place of the maps stands for, to either side.
    labels : sequence of int, optional
        The class of each map; by default 0, 1, and so on.
    lowest : float, default 0.02
        Peaks that are not above it are left out.
    most : int, default 100
        Boxes of an image at most, those of the highest peaks.

    Returns
    -------
    Boxes

    Raises
    ------
    DataError
        If the maps do not fit together, or hold anything but numbers.

    Notes
    -----
    As in the paper, boxes are no further sorted out by how they overlap. There a map of offsets moves
    the centers within their place; here they are in the middle of it.

    References
    ----------
    Zhou, Wang & Krähenbühl, "Objects as points", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import center_boxes
    >>> heat = np.array([[[0.1, 0.9, 0.3], [0.0, 0.2, 0.1]]])
    >>> sizes = np.full((1, 2, 2, 3), 4.0)
    >>> center_boxes(heat, sizes, stride=4).edges
    array([[4., 0., 8., 4.]])
    """
    from scipy.ndimage import maximum_filter  # heavy, and not needed without images

    check("center_boxes", "stride", stride, Interval(float, 0.0, closed="neither"))
    check("center_boxes", "lowest", lowest, Interval(float, 0.0))
    check("center_boxes", "labels", labels, Optional(Each(Interval(int))))
    check("center_boxes", "most", most, Interval(int, 1))
    heat, sizes = np.asarray(heat, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    heat = heat[:, None] if heat.ndim == 3 else heat
    if heat.ndim != 4 or sizes.shape != (heat.shape[0], 2, *heat.shape[2:]):
        sentence = (
            "center_boxes needs heat maps of shape (n, height, width) or (n, n_labels, height, width), and "
            f"sizes of shape (n, 2, height, width). Got {heat.shape} and {sizes.shape} instead."
        )
        raise DataError(sentence)
    named = np.arange(heat.shape[1]) if labels is None else np.array(labels, dtype=np.int64)
    _check_maps(heat, sizes, named)
    peaks = (heat == maximum_filter(heat, size=(1, 1, 3, 3))) & (heat > lowest)
    image, kind, row, column = np.nonzero(peaks)
    score = heat[peaks]
    chosen = _highest(image, score, most)
    image, kind, row, column, score = (each[chosen] for each in (image, kind, row, column, score))
    half = sizes[image, :, row, column].clip(min=0.0) / 2
    center = stride * (np.stack([column, row], axis=1) + 0.5)
    return Boxes(image, named[kind], np.hstack([center - half, center + half]), score)


def _highest(image: np.ndarray, score: np.ndarray, most: int) -> np.ndarray:
    """Positions of so many boxes of each image, the highest first."""
    order = np.lexsort((-score, image))
    first = np.searchsorted(image, image[order])
    return order[np.arange(len(order)) - first < most]


def _check_maps(heat: np.ndarray, sizes: np.ndarray, labels: np.ndarray) -> None:
    if len(labels) != heat.shape[1]:
        sentence = (
            f"center_boxes needs a label for each of the {heat.shape[1]} heat maps of an image. Got "
            f"{len(labels)} instead."
        )
        raise DataError(sentence)
    for name, values in {"heat": heat, "sizes": sizes}.items():
        if not np.isfinite(values).all():
            image = int(np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))[0])
            sentence = (
                f"center_boxes: {name} must be finite; image {image} is not. Give predictions of a model, not "
                "labels with pixels that are missing."
            )
            raise DataError(sentence)
