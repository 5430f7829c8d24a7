"""Expected rows per source, and the whole numbers of rows in a batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.sampling._shares import expected_rows, systematic_counts

SOURCES = st.lists(st.tuples(st.integers(1, 60), st.floats(1e-6, 1e6)), min_size=1, max_size=8)


@given(SOURCES, st.floats(0, 1))
def test_expected_rows_are_a_batch_and_nowhere_more_than_there_are(sources, part):
    n_rows = np.array([n for n, _ in sources])
    proportions = np.array([p for _, p in sources])
    total = max(1, round(part * n_rows.sum()))
    shares = expected_rows(proportions, n_rows, total)
    assert shares.sum() == pytest.approx(total)
    assert (shares > 0).all()
    assert (shares <= n_rows).all()
    free = shares < n_rows
    scale = shares[free] / proportions[free]
    assert scale == pytest.approx(np.full(len(scale), scale.mean() if len(scale) else 0.0))
    if free.any():  # a source that gives all it has would otherwise give more
        assert (proportions * scale.max() >= n_rows * (1 - 1e-9))[~free].all()


@given(SOURCES, st.integers(1, 300), st.floats(0, 1, exclude_max=True))
def test_counts_sum_to_the_batch_and_are_within_one(sources, total, offset):
    shares = np.array([p for _, p in sources])
    counts = systematic_counts(shares, total, offset)
    parts = shares * total / shares.sum()
    assert counts.sum() == total
    assert (counts >= 0).all()
    assert (abs(counts - parts) < 1 + 1e-6).all()


def test_counts_are_right_on_average():
    shares, offsets = np.array([0.3, 2.0, 4.45, 0.25]), (np.arange(4000) + 0.5) / 4000
    mean = np.mean([systematic_counts(shares, 7, offset) for offset in offsets], axis=0)
    assert mean == pytest.approx(shares, abs=1e-3)
