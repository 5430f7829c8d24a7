"""Generator of images of scenes with known geometry: segments, depths, normals, objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from polytask._validation import Choice, Each, Interval, check
from polytask.data import MultiTaskDataset
from polytask.datasets._rendering import Surfaces, rendered
from polytask.tasks import DenseClasses, DenseNumbers, HeatMap, Kind, Task

__all__ = ["SceneTruth", "make_scenes"]

_OWNER = "make_scenes"
_TARGETS = ("segments", "depth", "normals", "centers", "sizes")
_STRIDE = 4
"""Pixels of the image for one of the maps of objects."""
_FEWEST = 12
"""Pixels of which an object must be seen to be found."""


@dataclass(frozen=True, eq=False)
class SceneTruth:
    """What is known of generated scenes.

    Parameters
    ----------
    segments : array of shape (n_rows, size, size)
        Class of each pixel: 0 wall, 1 floor, 2 box, 3 ball.
    depth : array of shape (n_rows, size, size)
        Distance along the axis of the camera, in metres.
    normals : array of shape (n_rows, 3, size, size)
        Unit vectors away from the surfaces: to the right, downwards, and into the image.
    boxes : tuple of arrays of shape (n_objects, 5)
        For each image its objects that are seen: class, left, top, right and bottom of what is
        seen, in pixels.
    """

    segments: Int64[np.ndarray, "n size size"]
    depth: Float64[np.ndarray, "n size size"]
    normals: Float64[np.ndarray, "n 3 size size"]
    boxes: tuple[Float64[np.ndarray, "k 5"], ...]


def make_scenes(
    n_rows: int = 500,
    size: int = 32,
    *,
    targets: Sequence[str] = ("segments", "depth"),
    most_objects: int = 4,
    noise: float = 0.05,
    missing: float = 0.0,
    seed: int = 0,
) -> tuple[MultiTaskDataset, SceneTruth]:
    r"""Make images of boxes and balls on a floor before a wall, with what each pixel shows.

    A camera at a height above a floor looks along it: a point of the floor at the depth z is seen
    at the row :math:`v_0 + f h / z`. Objects stand on the floor, and appear at the size
    :math:`f s / z`; near ones cover those behind. Light from a random side shades each surface by
    its normal, surfaces have colors and stripes of their own, and distance fades them.

    Parameters
    ----------
    n_rows : int, default 500
    size : int, default 32
        Height and width of images, at least 16; rounded down to a multiple of 4.
    targets : sequence of str, default ("segments", "depth")
        The tasks, among ``"segments"`` (wall, floor, box or ball, of kind `DenseClasses`),
        ``"depth"`` in metres and ``"normals"`` (`DenseNumbers`), and for the detection of objects
        ``"centers"`` (`HeatMap`, a channel for boxes and one for balls, with a place for 4 × 4
        pixels) and ``"sizes"`` (`DenseNumbers`, width and height in pixels, labelled at centers
        alone).
    most_objects : int, default 4
        Each image has 1 to this many.
    noise : float, default 0.05
        Standard deviation of the noise of pixels, whose values lie between 0 and 1.
    missing : float in [0, 1), default 0.0
        Share of depths that are missing, as where a sensor sees nothing.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        The input ``image`` of shape (3, size, size), and the tasks.
    truth : SceneTruth

    Raises
    ------
    ParameterError
        If an argument is out of range.

    Examples
    --------
    >>> from polytask.datasets import make_scenes
    >>> dataset, truth = make_scenes(20, size=16)
    >>> dataset.tasks.names, truth.depth.shape
    (('segments', 'depth'), (20, 16, 16))
    """
    check(_OWNER, "n_rows", n_rows, Interval(int, 1))
    check(_OWNER, "size", size, Interval(int, 16, 512))
    check(_OWNER, "targets", targets, Each(Choice(_TARGETS), minimum=1))
    check(_OWNER, "most_objects", most_objects, Interval(int, 1, 100))
    check(_OWNER, "noise", noise, Interval(float, 0.0, 10.0))
    check(_OWNER, "missing", missing, Interval(float, 0.0, 1.0, closed="left"))
    size -= size % _STRIDE
    generator = np.random.default_rng(seed)
    scenes = [_scene(generator, size, most_objects) for _ in range(n_rows)]
    images = np.stack([rendered(generator, surfaces, noise) for surfaces, _ in scenes])
    truth = SceneTruth(
        np.stack([surfaces.segments for surfaces, _ in scenes]),
        np.stack([surfaces.depth for surfaces, _ in scenes]),
        np.stack([surfaces.normals for surfaces, _ in scenes]),
        tuple(boxes for _, boxes in scenes),
    )
    seen = generator.random(truth.depth.shape) >= missing
    made: Mapping[str, tuple[Kind, Callable[[], np.ndarray]]] = {
        "segments": (DenseClasses(), lambda: truth.segments.astype(np.float32)),
        "depth": (
            DenseNumbers(),
            lambda: np.where(seen, truth.depth, np.nan).astype(np.float32),
        ),
        "normals": (DenseNumbers(), lambda: truth.normals.astype(np.float32)),
        "centers": (HeatMap(), lambda: np.stack([_centers(b, size) for b in truth.boxes])),
        "sizes": (DenseNumbers(), lambda: np.stack([_sizes(b, size) for b in truth.boxes])),
    }
    columns = {name: made[name][1]() for name in dict.fromkeys(targets)}
    tasks = [Task(name, made[name][0]) for name in columns]
    table = {"image": images, **columns}
    return MultiTaskDataset.from_table(table, tasks), truth


def _scene(
    generator: np.random.Generator, size: int, most_objects: int
) -> tuple[Surfaces, Float64[np.ndarray, "k 5"]]:
    """Surfaces that a camera sees, and the objects among them."""
    focal, height = float(size), generator.uniform(1.2, 1.8)
    horizon, wall = size * generator.uniform(0.25, 0.4), generator.uniform(7.0, 10.0)
    v, u = np.mgrid[:size, :size] + 0.5
    with np.errstate(divide="ignore"):
        floor = np.where(v > horizon, focal * height / np.maximum(v - horizon, 1e-9), np.inf)
    surfaces = Surfaces(
        segments=np.where(floor < wall, 1, 0),
        depth=np.minimum(floor, wall),
        normals=np.stack(
            [np.zeros_like(v), np.where(floor < wall, -1.0, 0.0), np.where(floor < wall, 0.0, -1.0)]
        ),
        surface=np.where(floor < wall, 1, 0),
    )
    n_objects = int(generator.integers(1, most_objects + 1))
    depths = np.sort(generator.uniform(2.2, wall - 0.8, n_objects))[::-1]  # far ones first
    for number, depth in enumerate(depths):
        center = generator.uniform(0.1, 0.9) * size
        base, across = horizon + focal * height / depth, generator.uniform(0.6, 1.4)
        if generator.random() < 0.5:
            tall = generator.uniform(0.6, 1.6)
            left, top = center - focal * across / depth / 2, base - focal * tall / depth
            inside = (np.abs(u - center) < center - left) & (v < base) & (v > top)
            _cover(surfaces, inside, 2, number, np.full(u.shape, depth), (0.0, 0.0, -1.0))
        else:
            radius = focal * across / depth / 2
            x, y = (u - center) / radius, (v - (base - radius)) / radius
            inside = x**2 + y**2 < 1
            bulge = np.sqrt(np.maximum(1 - x**2 - y**2, 0.0))
            _cover(surfaces, inside, 3, number, depth - bulge * across / 2, (x, y, -bulge))
    return surfaces, _boxes(surfaces, n_objects)


def _cover(
    surfaces: Surfaces,
    inside: Bool[np.ndarray, "size size"],
    segment: int,
    number: int,
    depth: Float64[np.ndarray, "size size"],
    normal: tuple[float | np.ndarray, float | np.ndarray, float | np.ndarray],
) -> None:
    """Put an object before what is there."""
    surfaces.segments[inside] = segment
    surfaces.depth[inside] = depth[inside]
    surfaces.surface[inside] = 2 + number
    for axis, part in enumerate(normal):
        surfaces.normals[axis][inside] = np.broadcast_to(part, inside.shape)[inside]


def _boxes(surfaces: Surfaces, n_objects: int) -> Float64[np.ndarray, "k 5"]:
    """Class and edges of what is seen of each object."""
    boxes = []
    for number in range(n_objects):
        rows, columns = np.nonzero(surfaces.surface == 2 + number)
        if len(rows) >= _FEWEST:
            segment = surfaces.segments[rows[0], columns[0]]
            edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            boxes.append([segment, *edges])
    return np.array(boxes, dtype=np.float64).reshape(-1, 5)


def _center_and_size(box: Float64[np.ndarray, "5"]) -> Float64[np.ndarray, "4"]:
    _, left, top, right, bottom = box
    return np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])


def _centers(boxes: Float64[np.ndarray, "k 5"], size: int) -> Float[np.ndarray, "2 places places"]:
    """1 at the place of each center, and less around it by the size of the object."""
    places = size // _STRIDE
    v, u = np.mgrid[:places, :places]
    maps = np.zeros((2, places, places), dtype=np.float32)
    for box in boxes:
        x, y, width, height = _center_and_size(box) / _STRIDE
        column, row = min(int(x), places - 1), min(int(y), places - 1)
        spread = 2 * (np.array([width, height]) / 6).clip(min=0.4) ** 2
        near = np.exp(-((u - column) ** 2) / spread[0] - (v - row) ** 2 / spread[1])
        maps[int(box[0]) - 2] = np.maximum(maps[int(box[0]) - 2], near)
    return maps


def _sizes(boxes: Float64[np.ndarray, "k 5"], size: int) -> Float[np.ndarray, "2 places places"]:
    """Width and height in pixels at the place of each center; NaN elsewhere."""
    places = size // _STRIDE
    maps = np.full((2, places, places), np.nan, dtype=np.float32)
    for box in boxes:
        x, y, *extent = _center_and_size(box)
        column, row = (min(int(value / _STRIDE), places - 1) for value in (x, y))
        maps[:, row, column] = extent
    return maps
