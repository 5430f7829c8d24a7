"""Small steps run on one thread; the number of threads is left as it was."""

import pytest
import torch
from training_tables import regression_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, PackedMLP, TabM
from polytask.training import score
from polytask.training._step_work import step_work
from polytask.training._tensors import to_tensors
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


def work(architecture):
    """Multiplications of 100 rows in all, and networks."""
    data = regression_table()
    schemas = fit_schemas(data, architecture.bins)
    each, n_networks = step_work(architecture.build(schemas, data.tasks, seed=0), 100)
    return each * n_networks, n_networks


def test_work_grows_with_the_members_of_an_ensemble():
    plain, one = work(HardSharing(MLP((64, 64), numbers="standardized")))
    assert one == 1
    for encoder in (TabM, PackedMLP):
        shared = {"widths": (64, 64), "numbers": "standardized"}
        few, n_few = work(HardSharing(encoder(members=3, **shared)))
        many, n_many = work(HardSharing(encoder(members=6, **shared)))
        assert (n_few, n_many) == (3, 6)
        assert few == pytest.approx(3 * plain, rel=0.05)
        assert many == pytest.approx(2 * few, rel=0.01)


def test_work_of_single_tasks_with_members():
    _, n_tasks = work(SingleTask(MLP((8,))))
    assert work(SingleTask(TabM(members=3, widths=(8,))))[1] == 3 * n_tasks


def test_few_rows_are_scored_alike_whatever_the_number_of_threads():
    """As in comparisons with one and with several runs side by side."""
    data = regression_table(n_rows=140)
    architecture = HardSharing(MLP((256, 256)))
    schemas = fit_schemas(data, architecture.bins)
    network = architecture.build(schemas, data.tasks, seed=0)
    threads = []
    network.register_forward_hook(lambda *_: threads.append(torch.get_num_threads()))
    encoded = encode(data.sources, data.tasks, schemas, network.blocks)
    rows = to_tensors(encoded, torch.device("cpu"))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        score(network, rows)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threads == [1]
