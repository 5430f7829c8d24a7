"""Scenes obey their geometry."""

import numpy as np
import pytest

from polytask.datasets import make_scenes
from polytask.exceptions import ParameterError


@pytest.fixture(scope="module")
def scenes():
    targets = ("segments", "depth", "normals", "centers", "sizes")
    return make_scenes(30, 32, targets=targets, missing=0.2, seed=1)


def test_floors_come_nearer_downwards_and_end_at_the_wall(scenes):
    _, truth = scenes
    for segments, depth in zip(truth.segments, truth.depth, strict=True):
        floor = (segments[1:] == 1) & (segments[:-1] == 1)
        assert (depth[1:][floor] < depth[:-1][floor]).all()
        assert np.ptp(depth[segments == 0]) < 1e-9
        assert depth[segments == 0].min() >= depth[segments == 1].max()
        # 1 / z is linear in the row of the image
        rows = [row for row in range(32) if (segments[row] == 1).any()]
        inverse = [1 / depth[row][segments[row] == 1][0] for row in rows]
        line = np.polyval(np.polyfit(rows, inverse, 1), rows)
        np.testing.assert_allclose(inverse, line, atol=1e-9)


def test_objects_cover_what_is_behind(scenes):
    _, truth = scenes
    normals = np.linalg.norm(truth.normals, axis=1)
    np.testing.assert_allclose(normals, 1, atol=1e-9)
    walls = truth.depth.max(axis=(1, 2), keepdims=True)
    objects = truth.segments > 1
    assert (truth.depth < walls)[objects].all()
    assert {0, 1, 2, 3} == set(truth.segments.ravel().tolist())


def test_maps_of_objects_say_where_boxes_are(scenes):
    data, truth = scenes
    labels = data.sources[0].labels.frame
    centers, sizes = labels["centers"].to_numpy(), labels["sizes"].to_numpy()
    assert centers.shape == sizes.shape == (30, 2, 8, 8)
    for boxes, maps, extents in zip(truth.boxes, centers, sizes, strict=True):
        for kind, left, top, right, bottom in boxes:
            row, column = int((top + bottom) / 8), int((left + right) / 8)
            assert maps[int(kind) - 2, row, column] == 1
        assert (~np.isnan(extents[0])).sum() <= len(boxes)
        assert (maps == 1).sum() <= len(boxes)
    assert np.isnan(labels["depth"].to_numpy()).mean() == pytest.approx(0.2, abs=0.02)


def test_seeds_and_arguments():
    one, same, other = (make_scenes(3, 16, seed=seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.depth, same.depth)
    assert not np.array_equal(one.depth, other.depth)
    for name, value in {"size": 8, "targets": ("edges",), "missing": 1.0, "n_rows": 0}.items():
        with pytest.raises(ParameterError, match=f"The `{name}` parameter of make_scenes must"):
            make_scenes(**{name: value})
