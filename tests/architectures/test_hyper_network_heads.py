"""Generated heads against plain products, and what sharing their generator is for."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Event, current_thread

import numpy as np
import pytest
import torch

from polytask.aggregation import PCGrad
from polytask.architectures import HardSharing, HyperNetworkHeads
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP
from polytask.gradients import backward
from polytask.losses import MultiTaskLoss
from polytask.testing import tiny_dataset
from polytask.testing._batches import encoded_for

RECIPE = HyperNetworkHeads(MLP((4,)), task_dim=2, hidden=3)


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0)
    return network, encoded_for(network, data, schemas)


@pytest.mark.parametrize("own_rows", [False, True])
def test_scores_are_those_of_generated_heads(own_rows):
    kinds = ["regression"] * 3 if own_rows else ["regression", "multiclass", "regression"]
    data = tiny_dataset(kinds, own_rows=own_rows)
    network, batch = built(RECIPE, data)
    raw = network(batch)
    ((name, rows),) = batch.items()
    trunk = network.features(batch)[name].values
    layer, embedding = network.codes.layer, network.codes.embedding
    for block, heads in zip(network.blocks, network.heads, strict=True):
        for place, task in enumerate(block.tasks):
            k = data.tasks.index(task)
            code = torch.tanh(layer.weight @ embedding[k] + layer.bias)
            head = (heads.matrix @ code).view(block.size, 5) + heads.common
            wanted = trunk @ head[:, :4].T + head[:, 4]
            scores = raw[name, block.name]
            if own_rows:
                torch.testing.assert_close(scores[rows.task == k], wanted[rows.task == k])
            else:
                torch.testing.assert_close(scores[:, place], wanted)


def test_a_task_owns_nothing_but_its_embedding():
    sizes = []
    for n_tasks in (3, 4):
        network, _ = built(RECIPE, tiny_dataset(["regression"] * n_tasks))
        sizes.append(sum(parameter.numel() for parameter in network.parameters()))
        own = [owned for owned in network.owners() if owned.axis == 0]
        assert [owned.tensor is network.codes.embedding for owned in own] == [True]
    assert sizes[1] - sizes[0] == 2


def test_heads_start_with_the_spread_of_a_linear_layer():
    data = tiny_dataset(["regression"] * 30)
    spreads = []
    for recipe in (HyperNetworkHeads(MLP((64,))), HardSharing(MLP((64,)))):
        network, batch = built(recipe, data)
        (scores,) = network(batch).values()
        spreads.append(scores.std().item())
    assert 0.5 < spreads[0] / spreads[1] < 2.0


def test_no_heads_are_kept_after_a_forward_pass():
    network, batch = built(RECIPE, tiny_dataset(["regression"] * 2))
    network(batch)
    assert not hasattr(network.heads[0], "weight")
    twin = copy.deepcopy(network)
    (before,), (after,) = network(batch).values(), twin(batch).values()
    assert torch.equal(before, after)


def test_aggregators_reach_the_generator():
    data = tiny_dataset(["regression"] * 2)
    network, batch = built(RECIPE, data)
    losses = MultiTaskLoss(network.blocks, data.tasks)(network(batch), batch)[0]
    shared = network.shared_parameters()
    backward(losses, shared, PCGrad())
    assert any(parameter is network.heads[0].matrix for parameter in shared)
    assert all(parameter.grad is not None for parameter in network.parameters())


def sites(n_rows):
    """Twenty sites on one line of coefficients, a few noisy rows each."""
    draw = np.random.default_rng(n_rows)
    place = np.arange(n_rows) % 20
    inputs = draw.normal(size=(n_rows, 6))
    answers = inputs[:, 0] + (place / 10 - 1) * inputs[:, 1] + 0.8 * draw.normal(size=n_rows)
    table = {f"x{i}": inputs[:, i] for i in range(6)}
    table |= {"y": answers, "site": [f"site{k:02}" for k in place]}
    return MultiTaskDataset.from_long(table, "y", "site", kind="regression")


def unseen_loss(recipe):
    train, test = sites(160), sites(1000)
    schemas = fit_schemas(train)
    network = recipe.build(schemas, train.tasks, seed=0)
    rows, unseen = (encoded_for(network, data, schemas) for data in (train, test))
    loss = MultiTaskLoss(network.blocks, train.tasks)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(80):
        optimizer.zero_grad()
        loss(network(rows), rows)[0].sum().backward()
        optimizer.step()
    with torch.no_grad():
        return loss(network(unseen), unseen)[0].mean().item()


def test_few_rows_per_task_are_enough_where_heads_lie_on_a_line():
    generated = unseen_loss(HyperNetworkHeads(MLP(()), task_dim=1, hidden=4))
    assert generated < 0.8 * unseen_loss(HardSharing(MLP(())))


def test_a_thread_keeps_its_heads_while_another_finishes():
    network, batch = built(HyperNetworkHeads(MLP((4,))), tiny_dataset(["regression"] * 2))
    expected = network(batch)
    main, arrived, done = current_thread(), Event(), Event()

    def wait(*_):
        if current_thread() is not main:
            arrived.set()
            assert done.wait(timeout=10)

    network.heads.register_forward_pre_hook(wait)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(network, batch)
        assert arrived.wait(timeout=10)
        network(batch)
        done.set()
        answer = other.result()
    for key, scores in expected.items():
        torch.testing.assert_close(answer[key], scores)
    assert not hasattr(network.heads[0], "weight")
