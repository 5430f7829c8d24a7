"""Penalties that select features and subspaces."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from polytask.exceptions import ParameterError
from polytask.penalties import L21, MultilinearRelationship, Subspace, TensorTraceNorm, TraceNorm
from polytask.testing import check_penalty


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    "penalty",
    [
        L21(alpha=1.0, group="input"),
        L21(alpha=1.0),
        TraceNorm(alpha=1.0),
        Subspace(alpha=1.0, k=1),
        MultilinearRelationship(alpha=1.0, epsilon=0.1),
    ],
)
def test_larger_strengths_and_options_keep_the_contract(penalty):
    check_penalty(penalty, (4, 3, 2))


def test_features_that_no_task_needs_are_exactly_zero():
    weights = np.concatenate([drawn(4, 3), 0.01 * drawn(4, 5)], axis=1)
    point = L21(alpha=0.1).prox(weights, 1.0)
    assert (point[:, 3:] == 0).all()
    assert (point[:, :3] != 0).all()


def test_inputs_of_a_layer_are_selected_over_tasks_and_outputs():
    weights = drawn(3, 4, 5)
    weights[:, :, 2] *= 0.01
    penalty = L21(alpha=0.5, group="input")
    assert penalty.value(weights) == pytest.approx(
        0.5 * sum(np.linalg.norm(weights[:, :, j]) for j in range(5))
    )
    kept = (penalty.prox(weights, 1.0) != 0).any(axis=(0, 1))
    assert kept.tolist() == [True, True, False, True, True]


def test_the_rank_is_exactly_that_of_the_large_singular_values():
    weights = drawn(6, 2) @ drawn(2, 4, seed=1) + 0.01 * drawn(6, 4, seed=2)
    penalty = TraceNorm(alpha=0.1)
    assert np.linalg.matrix_rank(weights) == 4
    assert np.linalg.matrix_rank(penalty.prox(weights, 1.0)) == 2
    assert penalty.value(weights) == pytest.approx(0.1 * np.linalg.norm(weights, "nuc"))


def test_a_planted_subspace_is_recovered():
    planted = np.linalg.qr(drawn(30, 3))[0]
    weights = 5 * drawn(12, 3, seed=1) @ planted.T + 0.05 * drawn(12, 30, seed=2)
    penalty = Subspace(k=3)
    basis = penalty.refit(weights, penalty.start(weights.shape))["basis"]
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-12)
    assert np.degrees(subspace_angles(basis.T, planted)).max() < 3
    outside = np.linalg.norm(weights - weights @ planted @ planted.T) ** 2
    assert penalty.value(weights, {"basis": basis}) <= 0.5 * 0.01 * outside


def test_a_subspace_leaves_something_to_penalise():
    weights = drawn(2, 5)
    penalty = Subspace(alpha=1.0, k=4)
    state = penalty.refit(weights, penalty.start((2, 5)))
    assert state["basis"].shape == (1, 5)
    assert penalty.value(weights, state) > 0.01
    one = penalty.refit(weights[:1], penalty.start((1, 5)))
    assert penalty.value(weights[:1], one) == pytest.approx(0)


def test_a_basis_of_other_parameters():
    penalty = Subspace(k=1)
    with pytest.raises(ParameterError) as caught:
        penalty.value(np.ones((3, 4)), penalty.start((3, 5)))
    assert str(caught.value) == (
        "The `state` parameter of Subspace must be a basis of 4 features, as many as a task has "
        "parameters. Got (1, 5) instead. `start((3, 4))` makes one."
    )


def test_covariances_of_all_axes_are_recovered():
    """Flip-flop finds covariances of a tensor-normal sample up to their scale."""
    covariances = []
    for size, seed in ((3, 1), (4, 2), (5, 3)):
        factor = drawn(size, size, seed=seed)
        covariance = factor @ factor.T + 0.5 * np.eye(size)
        covariances.append(covariance / np.linalg.det(covariance) ** (1 / size))
    roots = [np.linalg.cholesky(covariance) for covariance in covariances]
    samples = [np.einsum("ai,bj,ck,ijk", *roots, drawn(3, 4, 5, seed=s)) for s in range(200)]
    # Many samples with one covariance are one tensor whose last axis is longer.
    weights = np.stack(samples, axis=3)
    penalty = MultilinearRelationship(epsilon=1e-6)
    state = penalty.start((3, 4, 5, 200))
    for _ in range(5):
        state = {**penalty.refit(weights, state), "axis_3": np.eye(200)}
    for name, covariance in zip(("tasks", "axis_1", "axis_2"), covariances, strict=True):
        assert np.linalg.det(state[name]) == pytest.approx(1)
        assert np.linalg.norm(state[name] - covariance) < 0.1 * np.linalg.norm(covariance)


def test_the_quadratic_form_is_that_of_the_kronecker_product():
    weights = drawn(2, 3, 4)
    penalty = MultilinearRelationship(alpha=1.0, epsilon=1e-12)
    state = penalty.refit(weights, penalty.start(weights.shape))
    full = np.kron(np.kron(state["tasks"], state["axis_1"]), state["axis_2"])
    wanted = 0.5 * weights.ravel() @ np.linalg.solve(full, weights.ravel())
    assert penalty.value(weights, state) == pytest.approx(wanted, rel=1e-6)


def test_covariances_of_another_layer():
    penalty = MultilinearRelationship()
    with pytest.raises(ParameterError) as caught:
        penalty.value(np.ones((3, 4)), penalty.start((3, 5)))
    assert str(caught.value) == (
        "The `state` parameter of MultilinearRelationship must be covariances of the axes of W, "
        "which has the shape (3, 4). Got {'tasks': (3, 3), 'axis_1': (5, 5)} instead. "
        "`start((3, 4))` makes them."
    )


def nearly_rank_one():
    generator = np.random.default_rng(0)
    sides = (generator.normal(size=size) for size in (4, 3, 5))
    return np.einsum("i,j,k->ijk", *sides) + 0.05 * generator.normal(size=(4, 3, 5))


@pytest.mark.parametrize("kind", ["tucker", "tensor_train", "last_axis"])
def test_tensors_are_unfolded_as_their_kind_says(kind):
    weights = drawn(3, 4, 2)
    tasks, inputs = weights.reshape(3, 8), weights.reshape(12, 2)
    outputs = np.moveaxis(weights, 1, 0).reshape(4, 6)
    matrices = {
        "tucker": [tasks, outputs, inputs],
        "tensor_train": [tasks, inputs],
        "last_axis": [tasks],
    }[kind]
    wanted = np.mean([np.linalg.norm(matrix, "nuc") for matrix in matrices])
    assert TensorTraceNorm(alpha=1.0, kind=kind).value(weights) == pytest.approx(wanted)
    check_penalty(TensorTraceNorm(alpha=1.0, kind=kind), (3, 2, 2))


def test_a_tensor_becomes_one_of_rank_one_along_all_axes():
    point = TensorTraceNorm(alpha=0.5).prox(nearly_rank_one(), 1.0)
    for axis, size in enumerate(point.shape):
        unfolded = np.moveaxis(point, axis, 0).reshape(size, -1)
        assert np.linalg.matrix_rank(unfolded, tol=1e-9) == 1


def test_of_matrices_all_kinds_are_the_trace_norm():
    weights = drawn(4, 6)
    for kind in ("tucker", "tensor_train", "last_axis"):
        point = TensorTraceNorm(alpha=0.5, kind=kind).prox(weights, 1.0)
        np.testing.assert_array_equal(point, TraceNorm(alpha=0.5).prox(weights, 1.0))
