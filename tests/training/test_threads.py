"""Small steps run on one thread; the number of threads is left as it was."""

import pytest
import torch

from polytask.training._threads import threads_for


@pytest.mark.parametrize(
    ("multiplications", "n_networks", "several"),
    [(1e6, 1, False), (1e8, 1, True), (1e7, 5, False), (1e7, 139, True)],
)
def test_threads(multiplications, n_networks, several):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_for(multiplications, n_networks):
            assert torch.get_num_threads() == (2 if several else 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
