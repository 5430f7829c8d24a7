"""Mixtures of experts: MMoE, OMoE, CGC and PLE."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from polytask.architectures import CGC, PLE, STEM, HardSharing, MMoE, OMoE
from polytask.architectures._mixture import mixed_with_own
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, Encoder, MaskedStage, State, mean_pool
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
        torch.testing.assert_close(network.gate_weights(batch)["table"][k], gate)


@pytest.mark.parametrize("own_tables", [False, True])
@pytest.mark.parametrize(
    "recipe",
    [
        MMoE(MLP((16,)), n_experts=2),
        CGC(MLP((16,)), n_shared=1, n_specific=2),
        PLE(MLP((8, 16)), n_shared=2),
    ],
)
def test_heads_before_gates_score_as_heads_after_them(recipe, own_tables):
    data = tiny_dataset(KINDS, own_tables=own_tables)
    network, batch = built(recipe, data)
    assert network.mixes_scores
    scores, wanted = network(batch), network.answer(network.features(batch), batch)
    assert scores.keys() == wanted.keys()
    for key, score in scores.items():
        torch.testing.assert_close(score, wanted[key], rtol=1e-5, atol=1e-6)
    assert not built(MMoE(MLP((2,)), n_experts=8), data)[0].mixes_scores


def test_omoe_has_one_gate_for_all_tasks():
    data = tiny_dataset(KINDS)
    network, batch = built(OMoE(MLP((7,)), n_experts=3), data)
    rows, raw = entered(network, batch), network(batch)
    gate = torch.softmax(rows @ network.mixture.weight.T, dim=1)
    features = mixed_by(gate, [expert(network.experts, e, rows) for e in range(3)])
    for k, name in enumerate(data.tasks.names):
        torch.testing.assert_close(score_of(network, raw, name), head(network, name, features))
        torch.testing.assert_close(network.gate_weights(batch)["table"][k], gate)


@pytest.mark.parametrize(
    "recipe",
    [
        CGC(MLP((6,)), n_shared=3, n_specific=2, tower_widths=(5,)),
        PLE(MLP((8, 7, 6)), n_levels=3, n_shared=1, n_specific=2),
        PLE(MLP((8, 7, 6)), n_levels=2, n_shared=2, n_specific=1),
    ],
)
def test_ple_is_the_papers_formula(recipe):
    data = tiny_dataset(KINDS)
    n_tasks, n_own, n_shared = len(KINDS), recipe.n_specific, recipe.n_shared
    network, batch = built(recipe, data)
    of_task, of_shared = [entered(network, batch)] * n_tasks, entered(network, batch)
    for level in network.levels:
        own = [
            [expert(level.own, k * n_own + e, of_task[k]) for e in range(n_own)]
            for k in range(n_tasks)
        ]
        shared = [expert(level.shared, e, of_shared) for e in range(n_shared)]
        gate = torch.softmax(of_shared @ level.shared_mixture.weight.T, dim=1)
        above = mixed_by(gate, [rows for experts in own for rows in experts] + shared)
        of_task = [mixed_by(gate_of(level, k, of_task[k]), own[k] + shared) for k in range(n_tasks)]
        of_shared = above
    last, raw = network.last, network(batch)
    shared = [expert(last.shared, e, of_shared) for e in range(n_shared)]
    for k, name in enumerate(data.tasks.names):
        own = [expert(last.own, k * n_own + e, of_task[k]) for e in range(n_own)]
        gate = gate_of(last, k, of_task[k])
        features = mixed_by(gate, own + shared)
        if recipe.tower_widths:
            features = expert([network.towers.layers], k, features, "0__0__")
        torch.testing.assert_close(score_of(network, raw, name), head(network, name, features))
        torch.testing.assert_close(network.gate_weights(batch)["table"][k], gate)


def gate_of(level, task, rows):
    return torch.softmax(rows @ level.mixture.weight[task].T, dim=1)


@pytest.mark.parametrize(
    ("recipe", "n_stages"),
    [
        (CGC(MLP((6, 5))), [2]),
        (PLE(MLP((6, 5, 4))), [2, 1]),
        (PLE(MLP((6, 5, 4)), n_levels=9), [1, 1, 1]),
        (PLE(MLP(())), [0]),
    ],
)
def test_stages_are_divided_among_the_levels(recipe, n_stages):
    network, _ = built(recipe, tiny_dataset(KINDS))
    levels = [len(level.own) for level in network.levels]
    assert [*levels, len(network.last.own)] == n_stages
    assert len(network.last.shared) == n_stages[-1]


def test_only_what_a_shared_gate_reads_serves_all_tasks():
    data = tiny_dataset(["regression", "binary"])
    network, _ = built(PLE(MLP((6, 5, 4)), n_levels=3, n_specific=2), data)
    names = {id(p): name for name, p in network.named_parameters()}
    axes = {
        names[id(o.tensor)]: (o.tasks, o.axis) for o in network.owners() if id(o.tensor) in names
    }
    task = data.tasks.names
    assert axes["levels.0.mixture.weight"] == (task, None)
    assert axes["levels.1.mixture.weight"] == (task, 0)
    assert axes["levels.1.own.0.0__weight"] == (task, None)
    assert axes["last.own.0.0__weight"] == (tuple(name for name in task for _ in range(2)), 0)
    assert axes["last.shared.0.0__weight"] == (task, None)


EVERY = [
    MMoE(MLP((6,)), n_experts=2),
    MMoE(MLP((6,), normalization="batch"), n_experts=2, tower_widths=(5,)),
    OMoE(MLP((6,)), n_experts=2, tower_widths=(5,)),
    CGC(MLP((6,)), n_specific=2),
    PLE(MLP((6, 5), normalization="batch"), n_specific=2),
]


@pytest.mark.parametrize("recipe", EVERY)
def test_rows_of_one_task_each_have_the_scores_that_the_task_has_on_all_rows(recipe):
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    network, batch = built(recipe, data)
    task = batch["table"].task
    everywhere = {"table": replace(batch["table"], task=None)}
    (own,), (every,) = network(batch).values(), network(everywhere).values()
    at = torch.arange(len(task))
    torch.testing.assert_close(own, every[at, task])
    gates = network.gate_weights(everywhere)["table"]
    torch.testing.assert_close(network.gate_weights(batch)["table"], gates[task, at])


class Steps(Encoder):
    """Rows as masked sequences of three steps, then a layer and one that reads the mask."""

    def entry(self, parts):
        return _Entry(super().entry(parts))

    def stages(self, shape):
        return [nn.Sequential(nn.Linear(shape[1], 4), nn.ReLU()), _Scaled()]


class _Entry(nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def forward(self, inputs):
        values = self.rows(inputs).values
        length = (values[:, :1] > 0).long() + 2
        steps = torch.stack([values, -values, values**2], dim=1)
        return State(steps, torch.arange(3) < length)


class _Scaled(MaskedStage):
    def forward(self, state):
        values, mask = state
        return State(values / mask.sum(dim=1)[:, None, None], mask)


@pytest.mark.parametrize("recipe", [MMoE, OMoE, CGC, PLE])
@pytest.mark.parametrize("own_rows", [False, True])
def test_steps_that_are_masked_count_nowhere(recipe, own_rows):
    data = tiny_dataset(["regression"] * 3, own_rows=own_rows)
    network, batch = built(recipe(Steps()), data)
    with torch.no_grad():
        (raw,) = network(batch).values()
        entry = network.inputs[0].forward
        network.inputs[0].forward = lambda inputs: _noisy(entry(inputs))
        (noisy,) = network(batch).values()
    torch.testing.assert_close(noisy, raw)


def _noisy(state):
    assert not state.mask.all()
    return State(state.values + 9.0 * ~state.mask[..., None], state.mask)


def test_a_task_has_one_gate_for_all_its_tables():
    data = tiny_dataset(["regression", "binary", "regression"], own_tables=True)
    network, batch = built(MMoE(MLP((6,)), n_experts=2), data)
    for k, source in enumerate(data.sources):
        rows = entered(network, batch, source.name)
        gate = torch.softmax(rows @ network.mixture.weight[k].T, dim=1)
        torch.testing.assert_close(network.gate_weights(batch)[source.name], gate[None])


def test_maps_are_pooled_for_the_gates_and_before_they_are_mixed():
    def to_maps(shape):
        return nn.Sequential(nn.Linear(shape[0], 12), nn.Unflatten(1, (3, 2, 2)))

    network, batch = built(MMoE(to_maps, n_experts=2), tiny_dataset(KINDS))
    maps = network.experts(network.inputs(batch))["table"].values
    assert maps.shape[2:] == (3, 2, 2)
    gates = network.gate_weights(batch)["table"]
    unpooled = torch.einsum("kne,enchw->knchw", gates, maps)
    wanted = torch.stack([mean_pool(State(m)) for m in unpooled])
    torch.testing.assert_close(network.features(batch)["table"].values, wanted)


@pytest.mark.parametrize("own_rows", [False, True])
@pytest.mark.parametrize("recipe", [CGC, PLE, MMoE, STEM])
def test_no_rows_of_maps_have_no_scores(recipe, own_rows):
    def to_maps(shape):
        return nn.Sequential(nn.Linear(shape[0], 12), nn.Unflatten(1, (3, 2, 2)))

    network, batch = built(recipe(to_maps), tiny_dataset(["binary"] * 2, own_rows=own_rows))
    none = {name: rows.take(torch.arange(0)) for name, rows in batch.items()}
    scores = {key: tuple(raw.shape) for key, raw in network(batch).items()}
    for key, raw in network(none).items():
        assert tuple(raw.shape) == (0, *scores[key][1:])


def fitted_loss(recipe):
    """Squared error after some steps on all rows, of tasks that are an input each."""
    data = tiny_dataset(["regression"] * 2, missing=0.0)
    network, batch = built(recipe, data)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    wanted = entered(network, batch).detach()[:, :2]
    for _ in range(60):
        (raw,) = network(batch).values()
        loss = (raw[..., 0] - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_tasks_that_need_different_features_find_experts_of_their_own():
    narrow = MLP((1,), activation="gelu")
    assert fitted_loss(MMoE(narrow, n_experts=2)) < 0.3 * fitted_loss(HardSharing(narrow))


@pytest.mark.parametrize("recipe", [CGC(MLP((6,))), PLE(MLP((6, 5)))])
def test_a_source_runs_the_last_experts_of_its_tasks_alone(recipe):
    data = tiny_dataset(["regression"] * 3, own_tables=True)
    network, batch = built(recipe, data)
    first = next(iter(batch))
    assert network.features({first: batch[first]})[first].values.shape[0] == 1
    assert network.gate_weights(batch)[first].shape == (1, batch[first].n_rows, 3)


@pytest.mark.usefixtures("unchecked_types")
def test_experts_must_be_at_least_one():
    with pytest.raises(ParameterError, match=r"The `n_experts` parameter of MMoE must be"):
        MMoE(n_experts=0)


@pytest.mark.filterwarnings("error")
def test_mixtures_of_copies_are_summed_in_one_batched_pass():
    gates, own, shared = torch.rand(2, 3, 5, 4), torch.randn(2, 3, 2, 5, 6), torch.randn(2, 2, 5, 6)
    together = torch.func.vmap(mixed_with_own)(gates, own, shared)
    for k in range(2):
        torch.testing.assert_close(together[k], mixed_with_own(gates[k], own[k], shared[k]))
