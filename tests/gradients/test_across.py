"""Two processes with half a batch each make the update of the whole batch."""

import pytest
from gradient_networks import NETWORKS
from gradient_processes import work
from torch import multiprocessing

from polytask.aggregation import MGDA
from polytask.exceptions import ParameterError
from polytask.gradients import backward


@pytest.mark.slow
def test_the_update_is_that_of_the_whole_batch(tmp_path):
    multiprocessing.spawn(work, args=(tmp_path / "meeting",), nprocs=2)


def test_heads_must_be_named():
    network = NETWORKS["mlp"]()
    with pytest.raises(ParameterError, match="Give all parameters that are not shared"):
        backward(network.losses(), network.shared(), MGDA(), group=object())
