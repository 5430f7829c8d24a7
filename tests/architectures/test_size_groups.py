"""Copies with unequal numbers of rows run in groups of similar sizes, with the same results."""

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from polytask.architectures import Copies, HardSharing, Separate, SingleTask
from polytask.architectures import _copies as copies_module
from polytask.architectures import _size_groups as groups_module
from polytask.architectures._size_groups import gathered, scattered, size_groups
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.encoders import MLP, State
from polytask.training import Trainer
from polytask.training import _stack_forward as stack_module

SIZES = [3, 40, 0, 12, 11, 38]


@pytest.fixture
def grouped(monkeypatch):
    """Groups also of small networks; the numbers of groups that were formed."""
    monkeypatch.setattr(groups_module, "_PASS", 0)
    monkeypatch.setattr(groups_module, "_GATHERING", 0)
    formed = []

    def watched(sizes, n_numbers):
        formed.append(len(groups := size_groups(sizes, n_numbers)))
        return groups

    for module in (copies_module, stack_module):
        monkeypatch.setattr(module, "size_groups", watched)
    return formed


def without_groups(monkeypatch):
    for module in (copies_module, stack_module):
        monkeypatch.setattr(module, "size_groups", lambda *_: [])


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.register_buffer("shift", torch.randn(3))

    def forward(self, rows, scale=1.0):
        return self.layers(rows["x"] + self.shift) * scale


@pytest.mark.parametrize("members", [None, [5, 0, 1, 2, 4, 3]])
def test_features_and_gradients(monkeypatch, grouped, members):
    torch.manual_seed(0)
    copies = Copies([Tower() for _ in SIZES], {"x": torch.zeros(2, 3)}, apart=True)
    rows = {"x": torch.randn(len(SIZES), max(SIZES), 3)}
    mask = torch.arange(max(SIZES)) < torch.tensor(SIZES)[:, None]

    def passed():
        copies.zero_grad()
        features = copies(rows, SIZES, members, scale=2.0)
        (features * mask[..., None]).square().sum().backward()
        return features.detach(), [p.grad.clone() for p in copies.parameters()]

    features, gradients = passed()
    assert grouped == [3]
    assert not features[2].any()
    without_groups(monkeypatch)
    expected, of_one_pass = passed()
    torch.testing.assert_close(features[mask], expected[mask])
    for ours, theirs in zip(gradients, of_one_pass, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_modules_that_give_states_run_in_one_pass(grouped):
    class Entry(Tower):
        def forward(self, rows):
            return State(super().forward(rows))

    copies = Copies([Entry() for _ in SIZES], {"x": torch.zeros(2, 3)}, apart=True)
    state = copies({"x": torch.randn(len(SIZES), max(SIZES), 3)}, SIZES)
    assert copies.stacked
    assert state.values.shape == (len(SIZES), max(SIZES), 2)
    assert grouped == []


def test_equal_sizes_and_small_networks_run_in_one_pass():
    assert size_groups([50] * 9, 10**9) == []
    assert size_groups([0, 0], 10**9) == []
    assert size_groups([], 10**9) == []
    assert size_groups([20, 200], 100) == []
    assert [group.places for group in size_groups([20, 200], 10**7)] == [[1], [0]]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:There is a performance drop")  # copies without a batching rule
@pytest.mark.parametrize("width", [4, 2])
def test_gathering_and_scattering_have_all_derivatives(width):
    places = [torch.tensor([3, 0]), torch.tensor([1])]
    stacked = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)

    def there_and_back(tensor):
        whole = scattered([part.square() for part in gathered(tensor, places)], places, 4, width)
        return whole.sin()

    check = torch.autograd.gradcheck
    assert check(there_and_back, stacked, check_forward_ad=True, check_batched_grad=True)
    rows = torch.func.jacrev(there_and_back)(stacked)
    torch.testing.assert_close(torch.func.jacfwd(there_and_back)(stacked), rows)
    batch = torch.stack([stacked, 2 * stacked])
    each = torch.stack([there_and_back(one) for one in batch])
    torch.testing.assert_close(torch.func.vmap(there_and_back)(batch), each)


def unequal_table():
    """Four tasks of 200, 90, 40 and 20 rows, some of words."""
    counts = [200, 90, 40, 20]
    rng = np.random.default_rng(0)
    n = sum(counts)
    columns = {
        "x": rng.normal(size=n),
        "z": rng.normal(size=n),
        "word": rng.choice(["a", "b", "c"], n),
        "site": np.repeat(list("abcd"), counts),
    }
    columns["y"] = columns["x"] * (1 + np.repeat(np.arange(4), counts)) + rng.normal(size=n)
    return MultiTaskDataset.from_long(pl.DataFrame(columns), "y", "site", kind="regression")


@pytest.mark.parametrize(
    "architecture",
    [
        SingleTask(MLP((8, 8))),
        Separate(HardSharing(MLP((8,)))),
    ],
    ids=["single_task", "separate"],
)
def test_training_is_the_same(monkeypatch, grouped, architecture):
    train, validation, _ = RandomSplit().splits(unequal_table(), seed=0)[0].apply(unequal_table())
    trainer = Trainer(steps=60, patience=2, batch_size=128)
    ours = trainer.fit(architecture, train, validation)
    assert max(grouped) > 1
    without_groups(monkeypatch)
    theirs = trainer.fit(architecture, train, validation)
    assert ours.history.best_epochs == theirs.history.best_epochs
    for one, other in zip(ours.history.epochs, theirs.history.epochs, strict=True):
        for losses in ("train_losses", "validation_losses"):
            assert getattr(one, losses) == pytest.approx(getattr(other, losses), rel=1e-4)
    for name, tensor in theirs.network.state_dict().items():
        torch.testing.assert_close(ours.network.state_dict()[name], tensor, rtol=1e-4, atol=1e-5)
