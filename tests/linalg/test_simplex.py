import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytask._linalg import project_simplex
from polytask.exceptions import ParameterError

POINTS = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6))


@given(point=POINTS)
def test_the_nearest_point_of_the_simplex(point):
    nearest = project_simplex(point)
    assert (nearest >= 0).all()
    assert abs(nearest.sum() - 1) <= 1e-9
    # The variational inequality: no vertex lies further along point - nearest.
    away = point - nearest
    assert away.max() - away @ nearest <= 1e-9 * (1 + np.abs(point).max())


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 20))
def test_a_point_of_the_simplex_stays(seed, size):
    point = np.random.default_rng(seed).dirichlet(np.ones(size))
    np.testing.assert_allclose(project_simplex(point), point, atol=1e-14)


@given(point=POINTS, shift=st.floats(-100, 100))
def test_a_common_shift_means_nothing(point, shift):
    np.testing.assert_allclose(project_simplex(point + shift), project_simplex(point), atol=1e-8)


def test_distant_and_single_points():
    np.testing.assert_array_equal(project_simplex(np.array([-1e300, 1e300, 0.0])), [0, 1, 0])
    np.testing.assert_array_equal(project_simplex(np.array([-7.0])), [1.0])


@pytest.mark.parametrize("point", [[], [np.nan, 1.0], [np.inf, 0.0]])
def test_bad_points(point):
    with pytest.raises(ParameterError, match="`point` parameter of project_simplex must be a fin"):
        project_simplex(np.array(point))
