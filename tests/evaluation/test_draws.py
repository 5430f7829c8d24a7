import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polytask.evaluation import RowDraws


def everything(draws: RowDraws, cells: int = 8_000_000) -> np.ndarray:
    return np.concatenate(list(draws.chunks(cells)))


@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 5))
def test_every_replicate_draws_as_many_rows_as_there_are(n_rows, replicates, seed):
    counts = everything(RowDraws(n_rows, replicates, seed=seed))
    assert counts.shape == (replicates, n_rows)
    np.testing.assert_array_equal(counts.sum(axis=1), n_rows)


@given(st.integers(1, 100))
def test_how_many_are_held_at_once_changes_nothing(cells):
    draws = RowDraws(7, 12)
    np.testing.assert_array_equal(everything(draws, cells), everything(draws))


def test_the_same_on_every_call_and_another_under_another_seed():
    draws = RowDraws(50, 3)
    np.testing.assert_array_equal(everything(draws), everything(draws))
    assert (everything(draws) != everything(RowDraws(50, 3, seed=1))).any()


def test_rows_of_a_group_are_drawn_together():
    groups = np.array([0, 0, 1, 2, 2, 2])
    counts = everything(RowDraws(6, 40, groups))
    for group in range(3):
        mine = counts[:, groups == group]
        assert (mine == mine[:, :1]).all()
    heads = counts[:, [0, 2, 3]]
    np.testing.assert_array_equal(heads.sum(axis=1), 3)


def test_each_row_is_drawn_once_on_average():
    counts = everything(RowDraws(40, 4000))
    assert abs(counts.mean(axis=0) - 1).max() < 0.1
    assert abs(counts.var(axis=0) - (1 - 1 / 40)).max() < 0.15
