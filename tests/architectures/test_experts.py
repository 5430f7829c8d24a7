"""Mixtures of experts: MMoE."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing, MMoE
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, State, mean_pool
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset
from polytask.training import to_tensors


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0).eval()
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def entered(network, batch, source="table"):
    return network.inputs(batch)[source].values


def expert(towers, position, rows, layer="0__"):
    """One copy of a tower's stages, each a linear layer and a ReLU."""
    for copies in towers:
        weight = copies.get_parameter(f"{layer}weight")
        bias = copies.get_parameter(f"{layer}bias")
        rows = torch.relu(rows @ weight[position].T + bias[position])
    return rows


def head(network, task, rows):
    """The first score of a task whose block has one task or whose tasks are alike."""
    for block, heads in zip(network.blocks, network.heads, strict=True):
        if task in block.tasks:
            place = block.tasks.index(task)
            return rows @ heads.weight[place].T + heads.bias[place]
    raise AssertionError(task)


def score_of(network, raw, task, source="table"):
    for block in network.blocks:
        if task in block.tasks:
            return raw[source, block.name][:, block.tasks.index(task)]
    raise AssertionError(task)


def mixed_by(gate, experts):
    """Weighted sum of experts, row by row."""
    return sum(gate[:, [e]] * rows for e, rows in enumerate(experts))


KINDS = ["regression", "binary", "regression", "multiclass"]


@pytest.mark.parametrize("tower_widths", [(), (5,)])
def test_mmoe_is_the_papers_formula(tower_widths):
    data = tiny_dataset(KINDS)
    network, batch = built(MMoE(MLP((7, 6)), n_experts=3, tower_widths=tower_widths), data)
    rows, raw = entered(network, batch), network(batch)
    experts = [expert(network.experts, e, rows) for e in range(3)]
    for k, name in enumerate(data.tasks.names):
        gate = torch.softmax(rows @ network.mixture.weight[k].T, dim=1)
        features = mixed_by(gate, experts)
        if tower_widths:
            features = expert([network.towers.layers], k, features, "0__0__")
        torch.testing.assert_close(score_of(network, raw, name), head(network, name, features))
        torch.testing.assert_close(network.gates(batch)["table"][k], gate)


@pytest.mark.parametrize("tower_widths", [(), (5,)])
def test_rows_of_one_task_each_have_the_scores_that_the_task_has_on_all_rows(tower_widths):
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    network, batch = built(MMoE(MLP((6,)), n_experts=2, tower_widths=tower_widths), data)
    task = batch["table"].task
    everywhere = {"table": replace(batch["table"], task=None)}
    (own,), (every,) = network(batch).values(), network(everywhere).values()
    at = torch.arange(len(task))
    torch.testing.assert_close(own, every[at, task])
    gates = network.gates(everywhere)["table"]
    torch.testing.assert_close(network.gates(batch)["table"], gates[task, at])


def test_a_task_has_one_gate_for_all_its_tables():
    data = tiny_dataset(["regression", "binary", "regression"], own_tables=True)
    network, batch = built(MMoE(MLP((6,)), n_experts=2), data)
    for k, source in enumerate(data.sources):
        rows = entered(network, batch, source.name)
        gate = torch.softmax(rows @ network.mixture.weight[k].T, dim=1)
        torch.testing.assert_close(network.gates(batch)[source.name], gate[None])


def test_maps_are_pooled_for_the_gates_and_before_they_are_mixed():
    def to_maps(shape):
        return nn.Sequential(nn.Linear(shape[0], 12), nn.Unflatten(1, (3, 2, 2)))

    network, batch = built(MMoE(to_maps, n_experts=2), tiny_dataset(KINDS))
    maps = network.experts(network.inputs(batch))["table"].values
    assert maps.shape[2:] == (3, 2, 2)
    gates = network.gates(batch)["table"]
    unpooled = torch.einsum("kne,enchw->knchw", gates, maps)
    wanted = torch.stack([mean_pool(State(m)) for m in unpooled])
    torch.testing.assert_close(network.features(batch)["table"].values, wanted)


def fitted_loss(recipe):
    """Squared error after some steps on all rows, of tasks that are an input each."""
    data = tiny_dataset(["regression"] * 2, missing=0.0)
    network, batch = built(recipe, data)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    wanted = entered(network, batch).detach()[:, :2]
    for _ in range(150):
        (raw,) = network(batch).values()
        loss = (raw[..., 0] - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_tasks_that_need_different_features_find_experts_of_their_own():
    narrow = MLP((1,), activation="gelu")
    assert fitted_loss(MMoE(narrow, n_experts=2)) < 0.3 * fitted_loss(HardSharing(narrow))


@pytest.mark.usefixtures("unchecked_types")
def test_experts_must_be_at_least_one():
    with pytest.raises(ParameterError, match=r"The `n_experts` parameter of MMoE must be"):
        MMoE(n_experts=0)
