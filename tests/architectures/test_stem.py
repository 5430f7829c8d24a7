"""STEM against its formula, what its gates teach, and what it is for."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from polytask.architectures import STEM, HardSharing
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP, Encoder, State
from polytask.tasks import Regression, Task
from polytask.testing import tiny_dataset
from polytask.training import to_tensors

KINDS = ["regression", "binary", "regression"]


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def expert(towers, position, rows):
    for copies in towers:
        weight, bias = (copies.get_parameter(f"0__{name}")[position] for name in ("weight", "bias"))
        rows = torch.relu(rows @ weight.T + bias)
    return rows


def entered(table, inputs):
    """Numbers and embedded categories; the only table of the only source has this weight."""
    embedded = table[inputs["categorical"].long()].flatten(1)
    return torch.cat([inputs["numeric"], embedded], dim=1)


def reference(network, inputs, n_own, n_shared):
    """Features of every task in loops, with the stop-gradient, and gates."""
    level, n_tasks = network.level, len(network.tasks)
    x_shared = entered(level.inputs[0].table.weight, inputs)
    x = [entered(weight, inputs) for weight in level.entries[0].get_parameter("table__weight")]
    own = [[expert(level.own, k * n_own + e, x[k]) for e in range(n_own)] for k in range(n_tasks)]
    shared = [expert(level.shared, e, x_shared) for e in range(n_shared)]
    all_features, gates = [], []
    for k in range(n_tasks):
        gate = torch.softmax((x[k] + x_shared) @ level.mixture.weight[k].T, dim=1)
        seen = [f if j == k else f.detach() for j in range(n_tasks) for f in own[j]] + shared
        all_features.append(sum(gate[:, [e]] * f for e, f in enumerate(seen)))
        gates.append(gate)
    return torch.stack(all_features), torch.stack(gates)


def gradients(features, network):
    """Of every task's features, by name."""
    named = dict(network.level.named_parameters())
    of_tasks = []
    for k in range(len(features)):
        loss = features[k].square().sum()
        slopes = torch.autograd.grad(
            loss, named.values(), retain_graph=True, materialize_grads=True
        )
        of_tasks.append(dict(zip(named, slopes, strict=True)))
    return of_tasks


@pytest.mark.parametrize(("n_own", "n_shared"), [(1, 1), (2, 3)])
def test_features_gates_and_gradients_are_the_papers(n_own, n_shared):
    data = tiny_dataset(KINDS)
    recipe = STEM(MLP((7, 6)), n_shared=n_shared, n_specific=n_own)
    network, batch = built(recipe, data)
    features = network.features(batch)["table"].values
    wanted, gates = reference(network, batch["table"].inputs, n_own, n_shared)
    torch.testing.assert_close(features, wanted)
    torch.testing.assert_close(network.gate_weights(batch)["table"], gates)
    for ours, theirs in zip(gradients(features, network), gradients(wanted, network), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("own_rows", [False, True])
def test_a_task_reaches_its_own_and_shared_parts_alone(own_rows):
    network, batch = built(
        STEM(MLP((6,)), n_specific=2), tiny_dataset(["regression"] * 3, own_rows=own_rows)
    )
    (raw,) = network(batch).values()
    mine = raw[batch["table"].task == 1] if own_rows else raw[:, 1]
    mine.square().sum().backward()
    level = network.level
    for stacked, n_each in (
        (level.entries[0].get_parameter("table__weight"), 1),
        (level.own[0].get_parameter("0__weight"), 2),
        (level.mixture.weight, 1),
    ):
        reached = stacked.grad.flatten(1).any(dim=1).view(3, n_each).all(dim=1)
        assert reached.tolist() == [False, True, False]
        assert not stacked.grad[:n_each].any()
        assert not stacked.grad[-n_each:].any()
    assert level.inputs[0].table.weight.grad.any()
    assert level.shared[0].get_parameter("0__weight").grad.any()


def test_rows_of_one_task_each_have_the_scores_that_the_task_has_on_all_rows():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    network, batch = built(STEM(MLP((6,)), n_specific=2, tower_widths=(5,)), data)
    task, at = batch["table"].task, torch.arange(batch["table"].n_rows)
    everywhere = {"table": replace(batch["table"], task=None)}
    (own,), (every,) = network(batch).values(), network(everywhere).values()
    torch.testing.assert_close(own, every[at, task])
    gates = network.gate_weights(everywhere)["table"]
    torch.testing.assert_close(network.gate_weights(batch)["table"], gates[task, at])


def test_experts_of_tasks_that_a_source_does_not_carry_weigh_nothing():
    data = tiny_dataset(["regression"] * 3, own_tables=True)
    network, batch = built(STEM(MLP((6,)), n_specific=2), data)
    for k, gates in enumerate(network.gate_weights(batch).values()):
        seen = [2 * k, 2 * k + 1, 6]
        assert gates.shape[0] == 1
        assert (gates[..., seen] > 0).all()
        torch.testing.assert_close(gates[..., seen].sum(dim=-1), torch.ones(1, 60))


def test_maps_are_pooled():
    def to_maps(shape):
        return nn.Sequential(nn.Linear(shape[0], 12), nn.Unflatten(1, (3, 2, 2)))

    network, batch = built(STEM(to_maps), tiny_dataset(KINDS))
    assert network.features(batch)["table"].values.shape == (3, 60, 3)


class Steps(Encoder):
    """Rows as masked sequences of three steps, with noise in those that do not count."""

    def __init__(self, noise):
        self.noise = noise

    def entry(self, parts):
        return _Entry(super().entry(parts), self.noise)

    def stages(self, shape):
        return [nn.Sequential(nn.Linear(shape[1], 4), nn.ReLU())]


class _Entry(nn.Module):
    def __init__(self, rows, noise):
        super().__init__()
        self.rows, self.noise = rows, noise

    def forward(self, inputs):
        values = self.rows(inputs).values
        mask = torch.arange(3) < (inputs["numeric"][:, :1] > 0).long() + 2
        steps = torch.stack([values, -values, values**2], dim=1)
        return State(steps + self.noise * ~mask[..., None], mask)


@pytest.mark.parametrize("own_rows", [False, True])
def test_steps_that_are_masked_count_nowhere(own_rows):
    data = tiny_dataset(["regression"] * 3, own_rows=own_rows)
    (raw,), (noisy,) = (
        network(batch).values()
        for network, batch in (built(STEM(Steps(noise)), data) for noise in (0.0, 9.0))
    )
    torch.testing.assert_close(noisy, raw)


def fitted_loss(recipe):
    """Squared error after some steps, of two tasks that order three categories differently."""
    rank = [0.0, 1.0, 2.0] * 10
    table = {
        "colour": ["red", "green", "blue"] * 10,
        "up": rank,
        "around": [(r + 1) % 3 for r in rank],
    }
    tasks = [Task("up", Regression()), Task("around", Regression())]
    network, batch = built(recipe, MultiTaskDataset.from_table(table, tasks))
    wanted = torch.tensor([[r - 1, (r + 1) % 3 - 1] for r in rank])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        (raw,) = network(batch).values()
        loss = (raw[..., 0] - wanted).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_tasks_that_order_categories_differently_have_embeddings_of_their_own():
    narrow = MLP((), embedding_dim=1)
    assert fitted_loss(STEM(narrow)) < 0.01
    assert fitted_loss(HardSharing(narrow)) > 0.1
