"""Routed against a plain reference, its router's loss, and what it is refused for."""

import numpy as np
import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing, Routed
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP, TabM
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture, tiny_dataset
from polytask.testing._batches import encoded_for
from polytask.training import route

OWN_ROWS = tiny_dataset(["regression"] * 3, own_rows=True)


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0)
    return network, encoded_for(network, data, schemas)


def two_sites():
    """Two sources, of which the second carries the last two of three tasks."""
    rng = np.random.default_rng(0)
    tables = {}
    for name, tasks in (("north", ["a", "b"]), ("south", ["b", "c"])):
        x = rng.normal(size=20)
        site = [tasks[row % 2] for row in range(20)]
        tables[name] = {"x": x, f"only_{name}": 2 * x, "site": site, "y": x + 1}
    return MultiTaskDataset.from_sources(tables, "y:regression", task_column="site")


def test_scores_router_and_loss_row_by_row():
    network, batch = built(Routed(MLP((6, 5)), shared_stages=1, routing=0.25), OWN_ROWS)
    ((name, rows),) = batch.items()
    values, (heads,) = network.inputs(batch)[name].values, network.heads
    (tower,) = network.branches
    weights, biases = tower.parameters()
    raw, routes = network(batch), network.route(batch)
    losses = []
    for row, k in enumerate(rows.task.tolist()):
        shared = network.trunk[0](values[row])
        own = torch.relu(weights[k] @ shared + biases[k])
        torch.testing.assert_close(
            raw[name, "regression-1-0"][row], heads.weight[k] @ own + heads.bias[k]
        )
        scores = network.router.linear.weight @ shared + network.router.linear.bias
        torch.testing.assert_close(routes[name][row], scores)
        losses.append(-torch.log_softmax(scores, dim=0)[k])
    penalty = network.batch_penalty(network.features(batch), raw, batch)
    torch.testing.assert_close(penalty, 0.25 * torch.stack(losses).mean())


@pytest.mark.parametrize(
    "encoder", [MLP((6,)), TabM(members=3, widths=(6,), numbers="standardized")]
)
def test_few_rows_are_routed_at_once(encoder):
    network, batch = built(Routed(encoder), two_sites())
    whole, seen, of_rows = route(network, batch), [], network.route

    def counted(few):
        seen.extend(rows.n_rows for rows in few.values())
        return of_rows(few)

    network.route, network.rows_at_once = counted, 12
    parts = route(network, batch)
    assert max(seen) == 12 // encoder.members
    assert sum(seen) == 40
    assert parts.keys() == whole.keys() == {"north", "south"}
    for source, scores in parts.items():
        torch.testing.assert_close(scores, whole[source])
    none = {name: rows.take(torch.arange(0)) for name, rows in batch.items()}
    assert {name: len(scores) for name, scores in route(network, none).items()} == {
        "north": 0,
        "south": 0,
    }


def test_without_towers_scores_are_those_of_hard_sharing():
    routed, batch = built(Routed(MLP((6, 5))), OWN_ROWS)
    plain, _ = built(HardSharing(MLP((6, 5))), OWN_ROWS)
    state = routed.state_dict().items()
    plain.load_state_dict({key: tensor for key, tensor in state if "router" not in key})
    for key, scores in plain(batch).items():
        torch.testing.assert_close(routed(batch)[key], scores)


def test_each_source_is_routed_among_its_own_tasks():
    data = two_sites()
    network, batch = built(Routed(MLP((6,))), data)
    assert network.routed_sources == ("north", "south")
    routes, features = network.route(batch), network.features(batch)
    losses = []
    for name, members in (("north", [0, 1]), ("south", [1, 2])):
        scores = network.router.linear(features[name].values)[:, members]
        torch.testing.assert_close(routes[name], scores)
        labels = torch.tensor([members.index(k) for k in batch[name].task.tolist()])
        losses.append(nn.functional.cross_entropy(scores, labels, reduction="none"))
    penalty = network.batch_penalty(features, {}, batch)
    torch.testing.assert_close(penalty, 0.1 * torch.cat(losses).mean())
    only = {"south": batch["south"]}
    assert set(network.route(only)) == {"south"}
    torch.testing.assert_close(
        network.batch_penalty(network.features(only), {}, only), 0.1 * losses[1].mean()
    )


@pytest.mark.parametrize("recipe", [Routed(MLP((6,)), shared_stages=0), Routed(MLP(()))])
def test_other_encoders(recipe):
    check_architecture(recipe)


def test_the_router_teaches_the_shared_stages_alone():
    network, batch = built(Routed(MLP((6, 5)), shared_stages=1), OWN_ROWS)
    network.batch_penalty(network.features(batch), {}, batch).backward()
    assert network.trunk[0][0].weight.grad.any()
    assert network.router.linear.weight.grad.any()
    assert all(
        p.grad is None for p in [*network.branches.parameters(), *network.heads.parameters()]
    )


@pytest.mark.parametrize(
    "data",
    [tiny_dataset(["binary"]), tiny_dataset(["binary", "regression"], own_tables=True)],
    ids=["one task", "a table per task"],
)
def test_there_is_no_router_where_there_is_nothing_to_route(data):
    network, batch = built(Routed(MLP((6,))), data)
    assert network.router is None
    assert network.routed_sources == ()
    assert network.route(batch) == {}
    assert not network.has_batch_penalty
    assert network.batch_penalty(network.features(batch), {}, batch) is None


def test_rows_of_several_tasks_are_refused_before_any_run():
    data = tiny_dataset(["binary", "regression"])
    reason = MultiTaskNetwork(Routed()).refuses(data)
    assert reason.startswith("Routed needs rows that each belong to one task. Those of source")
    assert "labels of several, task0, task1" in reason
    assert "--task-column), or choose hard_sharing or mmoe." in reason
    with pytest.raises(ParameterError, match="Routed needs rows"):
        Routed().build(fit_schemas(data), data.tasks, 0)
    assert MultiTaskNetwork(Routed()).refuses(OWN_ROWS) is None


def test_more_shared_stages_than_there_are():
    sentence = "`shared_stages` parameter of Routed must be at most .* 1. Got 2 instead"
    with pytest.raises(ParameterError, match=sentence):
        built(Routed(MLP((6,)), shared_stages=2), OWN_ROWS)
