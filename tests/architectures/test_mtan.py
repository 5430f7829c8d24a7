"""MTAN: a shared network, and masks of every task on its stages."""

from dataclasses import replace

import pytest
import torch
from fused_towers import Sequences, SmallCNN, built, images, numbers, scores_of, stage_of
from torch import nn

from polytask.architectures import MTAN
from polytask.architectures._stage_attention import StageAttention
from polytask.encoders import MLP, Encoder, State, mean_pool
from polytask.testing import check_architecture, tiny_dataset

SMALL = MLP((5, 4), activation="tanh")


class ThenVector(SmallCNN):
    """A map, then a vector."""

    def stages(self, shape):
        first = nn.Sequential(nn.Conv2d(shape[0], 3, 3, padding=1), nn.Tanh())
        return [first, nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.Tanh())]


class Shortened(Sequences):
    """A sequence, then one of half the steps."""

    def stages(self, shape):
        first = nn.Sequential(nn.Linear(shape[-1], 4), nn.Tanh())
        return [first, _Halved()]


class _Halved(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 5)

    def forward(self, values):
        return self.linear(values[:, ::2])


class Unmasked(Encoder):
    """Sequences all of whose steps count."""

    def __init__(self, encoder):
        self.encoder = encoder

    def entry(self, parts):
        return _Unmasked(self.encoder.entry(parts))

    def stages(self, shape):
        return self.encoder.stages(shape)


class _Unmasked(nn.Module):
    def __init__(self, entry):
        super().__init__()
        self.entry = entry

    def forward(self, inputs):
        return State(self.entry(inputs).values)


def layers_of(copies, k, in_channels, channels, maps, last, padding=0):
    """One task's layers as modules of torch."""

    def linear(seen):
        if maps:
            return nn.Conv2d(seen, channels, 1 + 2 * padding, padding=padding)
        return nn.Linear(seen, channels)

    fresh = nn.Sequential(linear(in_channels), nn.ReLU())
    if last is not None:
        fresh.extend([linear(channels), last])
    return stage_of(copies, k, fresh)


def selected(network, encoder, entered, k):
    """The paper's attention of one task, stage after stage."""
    shared, before, mask = entered.values, None, entered.mask
    for position, attention in enumerate(network.attention):
        shared = network.trunk[position](shared)
        maps = shared.ndim == 4
        axis = 1 if maps else -1
        channels, seen = shared.shape[axis], shared
        if before is not None:
            from_maps = maps and before.ndim == 4
            places = (
                (shared.shape[2:], before.shape[2:])
                if maps
                else (shared.shape[1:-1], before.shape[1:-1])
            )
            if from_maps:
                before = nn.functional.adaptive_avg_pool2d(before, places[0])
            elif places[0] != places[1]:
                before = mean_pool(State(before, mask))
            carry = layers_of(
                attention.carry,
                k,
                before.shape[1 if from_maps else -1],
                channels,
                from_maps,
                None,
                1,
            )
            carried = carry(before)
            if carried.ndim < shared.ndim:
                carried = carried[:, None].expand(-1, shared.shape[1], -1)
            seen = torch.cat([shared, carried], dim=axis)
        gate = layers_of(attention.mask, k, seen.shape[axis], channels, maps, nn.Sigmoid())
        before = gate(seen) * shared
    return mean_pool(State(before, mask))


@pytest.mark.parametrize(
    ("encoder", "data"),
    [
        (SMALL, numbers()),
        (SmallCNN(), images()),
        (ThenVector(), images()),
        (Sequences(), numbers()),
        (Unmasked(Shortened()), numbers()),
    ],
    ids=["vectors", "maps", "map, then vector", "masked sequences", "shorter sequences"],
)
def test_tasks_select_as_in_the_paper(encoder, data):
    network, batch = built(MTAN(encoder), data)
    entered = network.inputs(batch)["table"]
    features = [selected(network, encoder, entered, k) for k in range(2)]
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, scores_of(network, features))


def test_masks_open_and_close():
    """Masks far below and above zero give nothing, and the stage as it is."""
    attention = StageAttention((3,), None, ("a", "b"))
    with torch.no_grad():
        attention.mask.get_parameter("2__weight").zero_()
        attention.mask.get_parameter("2__bias").copy_(torch.tensor([[-50.0], [50.0]]).expand(2, 3))
    shared = torch.randn(2, 5, 3)
    closed, open_ = attention(shared, None, None, None)
    torch.testing.assert_close(closed, torch.zeros(5, 3))
    torch.testing.assert_close(open_, shared[1])


@pytest.mark.parametrize("encoder", [SMALL, Sequences()])
def test_rows_of_one_task_each_see_their_own_attention(encoder):
    network, batch = built(MTAN(encoder), tiny_dataset(["regression"] * 3, own_rows=True))
    rows = batch["table"]
    own = network.features(batch)["table"].values
    every = network.features({"table": replace(rows, task=None)})["table"].values
    torch.testing.assert_close(own, every[rows.task, torch.arange(rows.n_rows)])


def test_attention_belongs_to_its_task_and_the_network_to_all():
    network, _ = built(MTAN(SMALL), numbers())
    stated = {id(owned.tensor): owned for owned in network.owners()}
    assert all(stated[id(p)].axis == 0 for p in network.attention.parameters())
    assert all(stated[id(p)].is_shared for p in network.trunk.parameters())


@pytest.mark.parametrize("encoder", [ThenVector(), SmallCNN()])
def test_networks_of_maps_pass_the_common_checks(encoder):
    check_architecture(MTAN(encoder), [images(20)])
