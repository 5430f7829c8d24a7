"""The default sampler: one permutation of all rows per epoch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask._seeds import derived_seed
from polytask.sampling import Proportional
from polytask.sampling._epoch_batches import bounds, n_batches

SIZES = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 20), min_size=1).filter(
    lambda sizes: any(sizes.values())
)


def by_masks(sizes, batch_size, seed, step):
    """One permutation of all rows per epoch, cut by the sources' bounds."""
    n_rows = sum(sizes.values())
    size = min(batch_size, n_rows)
    epoch, position = divmod(step, n_batches(n_rows, size))
    generator = torch.Generator().manual_seed(derived_seed(seed, "rows", epoch))
    order = torch.randperm(n_rows, generator=generator, device="cpu")
    rows, start, taken = order[bounds(position, n_rows, size)], 0, {}
    for name, n in sizes.items():
        local = rows[(rows >= start) & (rows < start + n)] - start
        if len(local):
            taken[name] = local.tolist()
        start += n
    return taken


@given(SIZES, st.integers(1, 30), st.integers(0, 5))
def test_rows_are_those_of_one_permutation_per_epoch(sizes, batch_size, seed):
    sampler = Proportional()
    sampler.start(sizes, batch_size, seed=seed, n_steps=9)
    for step in range(9):
        drawn = {name: rows.tolist() for name, rows in sampler.rows(step).items()}
        assert drawn == by_masks(sizes, batch_size, seed, step)
        assert list(drawn) == [name for name in sizes if name in drawn]


def test_seeds_are_derived_as_before():
    assert derived_seed(3, "rows", 2) == 16911145376686891
    assert derived_seed(3) != derived_seed(3, "")


def test_the_last_batch_of_an_epoch_has_its_fraction():
    sampler = Proportional()
    sampler.start({"a": 4, "b": 6}, 4, seed=0, n_steps=3)
    fractions = [sampler.fraction(step)["a"] for step in range(4)]
    assert fractions == [1.0, 1.0, 0.5, 1.0]
    assert sampler.share(0) == {"a": pytest.approx(1.6), "b": pytest.approx(2.4)}
