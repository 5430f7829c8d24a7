"""Architectures conditioned on the task against plain loops over tasks."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import torch
from torch import nn

from polytask.architectures import Adapters, FiLM, HardSharing, LoRA, TaskEmbedding
from polytask.architectures._condition import beside, task_product
from polytask.architectures._task_rows import task_rows
from polytask.data import MultiTaskDataset, SourceBatch, fit_schemas
from polytask.encoders import MLP, Encoder, MaskedStage, PackedMLP, State, TabM
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.testing import tiny_dataset
from polytask.testing._batches import encoded_for

WIDE = MLP((6, 5), activation="tanh")


def built(recipe, data):
    """The network, its parameters moved from starts such as 0, and all rows."""
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network, encoded_for(network, data, schemas)


def adapted(network, values, k):
    for stage, adapter in zip(network.trunk, network.conditions.values(), strict=True):
        values = stage(values)
        hidden = torch.relu(values @ adapter.down[k].T + adapter.down_bias[k])
        values = values + hidden @ adapter.up[k].T + adapter.up_bias[k]
    return values


def modulated(network, values, k):
    for stage, modulation in zip(network.trunk, network.conditions.values(), strict=True):
        values = stage(values)
        if modulation.normalize:
            spread = values.var(dim=1, keepdim=True, unbiased=False)
            values = (values - values.mean(dim=1, keepdim=True)) / (spread + 1e-5).sqrt()
        values = values * modulation.scale[k] + modulation.shift[k]
    return values


def updated(network, values, k):
    for stage, update in zip(network.trunk, network.updates, strict=True):
        weight = stage[0].weight + update.b[k] @ update.a[k]
        values = torch.tanh(values @ weight.T + stage[0].bias)
    return values


def embedded(network, values, k):
    embedding = network.conditions["0"].embedding[k].expand(len(values), -1)
    values = torch.cat([values, embedding], dim=1)
    for stage in network.trunk:
        values = stage(values)
    return values


CASES = [
    (Adapters(WIDE, bottleneck=3), adapted),
    (FiLM(WIDE), modulated),
    (FiLM(WIDE, normalize=True), modulated),
    (LoRA(WIDE, rank=2), updated),
    (TaskEmbedding(WIDE, task_dim=3), embedded),
]


@pytest.mark.parametrize("form", ["one table", "own rows", "own tables"])
@pytest.mark.parametrize(("recipe", "by_hand"), CASES)
def test_features_and_scores_are_those_of_a_loop_over_tasks(recipe, by_hand, form):
    options = {"own_rows": form == "own rows", "own_tables": form == "own tables"}
    data = tiny_dataset(["regression"] * 3, **options)
    network, batch = built(recipe, data)
    (block,) = network.blocks
    raw, features = network(batch), network.features(batch)
    entered = network.inputs(batch)
    for name, rows in batch.items():
        for place, task in enumerate(network.tasks_in(name)):
            k = data.tasks.index(task)
            mine = slice(None) if rows.task is None else torch.where(rows.task == k)[0]
            wanted = by_hand(network, entered[name].values[mine], k)
            values, scores = features[name].values, raw[name, block.name]
            own = values[mine] if values.ndim == 2 else values[place]
            torch.testing.assert_close(own, wanted)
            own = scores[mine] if scores.ndim == 2 else scores[:, place]
            head = network.heads[0]
            torch.testing.assert_close(own, wanted @ head.weight[k].T + head.bias[k])


@pytest.mark.parametrize("recipe", [Adapters(WIDE), FiLM(WIDE), LoRA(WIDE)])
@pytest.mark.parametrize("own_rows", [False, True])
def test_they_start_as_hard_sharing(recipe, own_rows):
    data = tiny_dataset(["regression"] * 3, own_rows=own_rows)
    schemas = fit_schemas(data)
    hard = HardSharing(WIDE).build(schemas, data.tasks, seed=0)
    network = recipe.build(schemas, data.tasks, seed=1)
    network.load_state_dict(hard.state_dict(), strict=False)
    batch = encoded_for(network, data, schemas)
    for key, scores in hard(batch).items():
        torch.testing.assert_close(network(batch)[key], scores)


class Steps(Encoder):
    """Sequences of two numbers, stage by stage."""

    takes = frozenset({"numeric"})

    def entry(self, parts):
        return _Unflattened()

    def stages(self, shape):
        return [nn.Linear(shape[-1], 4), _Summed()]


class _Unflattened(nn.Module):
    """Four numbers as two steps, of which the last counts where its first number is positive."""

    def forward(self, inputs):
        values = inputs["numeric"].view(-1, 2, 2)
        counts = torch.ones(len(values), 2, dtype=torch.bool)
        counts[:, 1] = values[:, 1, 0] > 0
        return State(values, counts)


class _Summed(MaskedStage):
    """Adds to every step the sum of those that count."""

    def forward(self, state):
        counted = state.values * state.mask.unsqueeze(-1)
        return State(state.values + counted.sum(dim=1, keepdim=True), state.mask)


class Maps(Encoder):
    """Maps of four places."""

    takes = frozenset({"numeric"})

    def entry(self, parts):
        return _Placed()

    def stages(self, shape):
        return [nn.Conv2d(shape[0], 3, 2, padding=1), nn.Tanh()]


class _Placed(nn.Module):
    def forward(self, inputs):
        return State(inputs["numeric"].view(-1, 1, 2, 2))


def four_numbers(*, own_rows):
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(30, 4))
    table = {f"x{i}": inputs[:, i] for i in range(4)}
    if own_rows:
        table |= {"y": inputs[:, 0], "site": [f"site{i % 3}" for i in range(30)]}
        return MultiTaskDataset.from_long(table, "y", "site", kind="regression")
    table |= {f"y{k}": inputs[:, k] for k in range(3)}
    return MultiTaskDataset.from_table(table, [f"y{k}:regression" for k in range(3)])


@pytest.mark.parametrize("recipe", [Adapters, FiLM, LoRA, TaskEmbedding])
@pytest.mark.parametrize("encoder", [Steps(), Maps()])
def test_every_task_of_shared_rows_answers_as_for_rows_of_its_own(recipe, encoder):
    if recipe is LoRA and isinstance(encoder, Maps):
        return
    data = four_numbers(own_rows=True)
    network, batch = built(recipe(encoder), data)
    ((name, rows),) = batch.items()
    every = {name: SourceBatch(rows.inputs)}
    (own,), (of_all,) = network(batch).values(), network(every).values()
    torch.testing.assert_close(own, of_all[torch.arange(30), rows.task])
    (state,) = network.features(every).values()
    assert state.values.shape[:2] == (3, 30)
    assert (state.values[0] - state.values[1]).abs().max() > 0.01


def test_a_rank_is_at_most_the_smaller_size_of_each_layer():
    network, _ = built(LoRA(MLP((6, 3)), rank=50), tiny_dataset(["regression"] * 2))
    n_inputs = network.inputs.shape[0]
    ranks = [update.a.shape[1] for update in network.updates]
    assert ranks == [min(n_inputs, 6), 3]
    assert [update.b.shape for update in network.updates] == [(2, 6, ranks[0]), (2, 3, 3)]


def test_an_encoder_without_linear_layers_is_refused():
    data = four_numbers(own_rows=False)
    with pytest.raises(ParameterError, match=r"LoRA must have torch.nn.Linear .* Got Maps without"):
        LoRA(Maps()).build(fit_schemas(data), data.tasks, seed=0)


@pytest.mark.parametrize("encoder", [PackedMLP(), TabM(adapters="all")])
def test_of_ensembles_one_with_linear_layers_is_advised(encoder):
    data = four_numbers(own_rows=False)
    advice = r'without any; choose TabM\(adapters="first"\), whose members share them, another enc'
    with pytest.raises(ParameterError, match=advice):
        LoRA(encoder).build(fit_schemas(data, encoder.bins), data.tasks, seed=0)
    advised = TabM(adapters="first", widths=(6,))
    assert LoRA(advised).build(fit_schemas(data, advised.bins), data.tasks, seed=0).updates


class Turned(Encoder):
    """A stage that puts rows on the last axis before its linear layer."""

    def stages(self, shape):
        return [_Turned()]


class _Turned(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 2)

    def forward(self, values):
        return self.layer(values.T.unsqueeze(-1)).transpose(0, 1).flatten(1)


def test_stages_that_move_rows_are_refused():
    data = four_numbers(own_rows=False)
    network, batch = built(LoRA(Turned()), data)
    with pytest.raises(ParameterError, match=r"keep rows on the first axis.* Got 4 rows instead"):
        network(batch)


def test_a_copied_network_updates_its_own_layers():
    network, batch = built(LoRA(WIDE), tiny_dataset(["regression"] * 2))
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for update in twin.updates:
            update.b.zero_()
    (before,), (after,) = network(batch).values(), twin(batch).values()
    assert not torch.allclose(before, after)


def two_sites(answers):
    """Rows of two sites, whose targets are a function of the inputs and the site's sign."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(80, 3))
    sign = np.where(np.arange(80) % 2, 1.0, -1.0)
    table = {f"x{i}": inputs[:, i] for i in range(3)}
    table |= {"y": answers(inputs, sign), "site": [f"site{i % 2}" for i in range(80)]}
    return MultiTaskDataset.from_long(table, "y", "site", kind="regression")


def final_loss(recipe, data, learning_rate):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0)
    batch = encoded_for(network, data, schemas)
    loss = MultiTaskLoss(network.blocks, data.tasks)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    for _ in range(80):
        total = loss(network(batch), batch)[0].sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    return total.item()


@pytest.mark.parametrize("recipe", [Adapters, FiLM, LoRA])
def test_a_narrow_trunk_serves_tasks_that_need_different_features(recipe):
    data = two_sites(lambda inputs, sign: np.abs(inputs[:, 0] + sign * inputs[:, 1]))
    encoder = MLP((3, 3), activation="tanh")
    hard = final_loss(HardSharing(encoder), data, 0.02)
    assert final_loss(recipe(encoder), data, 0.02) < 0.8 * hard


def test_an_embedding_shifts_what_a_single_unit_reads():
    data = two_sites(lambda inputs, sign: np.tanh(2 * inputs[:, 0] + 3 * sign))
    encoder = MLP((1,), activation="tanh")
    hard = final_loss(HardSharing(encoder), data, 0.1)
    assert final_loss(TaskEmbedding(encoder), data, 0.1) < 0.5 * hard


def test_rows_by_task_and_flat_rows():
    task = torch.tensor([2, 0, 2, 2])
    rows = task_rows([0, 2], 3, 4, task, torch.device("cpu"))
    values = torch.arange(4.0).view(4, 1)
    by_task = rows.by_task(values)
    assert by_task[0, 0].item() == 1.0
    assert by_task[1].flatten().tolist() == [0.0, 2.0, 3.0]
    assert torch.equal(rows.flat(by_task), values)
    assert rows.of(torch.tensor([5.0, 6.0, 7.0])).tolist() == [5.0, 7.0]


def test_products_of_every_task():
    values, weight = torch.randn(2, 5, 4, 3), torch.randn(2, 6, 3)
    wanted = torch.stack([values[k] @ weight[k].T for k in range(2)])
    torch.testing.assert_close(task_product(values, weight), wanted)
    assert beside(weight[:, 0], values).shape == (2, 1, 1, 3)


def test_two_threads_update_rows_of_their_own():
    data = tiny_dataset(["regression"] * 2, own_rows=True)
    network, batch = built(LoRA(WIDE), data)
    ((name, rows),) = batch.items()
    parts = [{name: rows.take(torch.arange(n))} for n in (5, 9)]
    for update in network.updates:
        update.b.data.normal_()
    with torch.no_grad():
        expected = [network(part) for part in parts]
    barrier = Barrier(2)  # both threads are in the stage before its layer runs

    def wait(*_):
        barrier.wait(timeout=10)

    network.trunk[0].register_forward_pre_hook(wait)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(network, parts))
    for answer, wanted in zip(answers, expected, strict=True):
        for key, scores in wanted.items():
            torch.testing.assert_close(answer[key], scores)
