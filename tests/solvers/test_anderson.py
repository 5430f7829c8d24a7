"""Anderson's extrapolation."""

import numpy as np
import pytest

from polytask.solvers._anderson import Anderson


def test_a_linear_map_of_few_dimensions_is_solved_in_as_many_steps():
    random = np.random.default_rng(0)
    matrix = 0.9 * np.linalg.qr(random.normal(size=(5, 5)))[0]
    offset, point, accelerate = random.normal(size=5), np.zeros(5), Anderson(memory=5)
    for _ in range(8):
        point = accelerate(point, matrix @ point + offset - point)
    assert point == pytest.approx(np.linalg.solve(np.eye(5) - matrix, offset), abs=1e-5)


def test_what_was_forgotten_has_no_effect():
    accelerate = Anderson()
    for scale in (1.0, 2.0):
        accelerate(np.full(3, scale), np.full(3, -scale))
    accelerate.forget()
    assert accelerate(np.ones(3), np.full(3, 0.5)) == pytest.approx(np.full(3, 1.5))
