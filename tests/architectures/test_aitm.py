"""AITM transfers information from each task to the next."""

import math
from dataclasses import replace

import pytest
import torch
from dependent_tasks import built, fed, funnel, scores_of

from polytask.architectures import AITM
from polytask.encoders import MLP
from polytask.testing import check_architecture

SMALL = AITM(MLP((6,)))
TREE = {"task1": "task0", "task2": ("task0", "task1"), "task3": "task1"}


def tower(copies, position, features):
    for stage in copies:
        weight, bias = (parameter[position] for parameter in stage.parameters())
        features = torch.relu(features @ weight.T + bias)
    return features


def attended(copies, position, own, upstream):
    """The paper's formulas, row by row."""
    layer = {}
    for name, parameter in copies.named_parameters():
        part, _, kind = name.partition("__")
        layer.setdefault(part, {})[kind] = parameter[position]

    def through(part, row):
        return layer[part]["weight"] @ row + layer[part]["bias"]

    rows = []
    for row in range(len(own)):
        items = [own[row], *(torch.relu(through("info", z[row])) for z in upstream)]
        scores = [through("query", u) @ through("key", u) / math.sqrt(len(u)) for u in items]
        weights = torch.softmax(torch.stack(scores), dim=0)
        rows.append(sum(w * through("value", u) for w, u in zip(weights, items, strict=True)))
    return torch.stack(rows)


def test_forward_is_that_of_the_formula():
    network, rows = built(SMALL, funnel(*["binary"] * 4, after=TREE))
    entry = network.inputs(rows)["table"].values
    towers = network.transfer
    assert towers.feeding == ("task0", "task1")
    first, second = (tower(towers.feeding_towers.towers, k, entry) for k in range(2))
    middle, last = (transfer.modules_of_tasks for transfer in towers.transfers)
    features = [first, attended(middle, 0, second, [first])]
    ends = [tower(towers.end_towers, k, entry) for k in range(2)]
    features.append(attended(last, 0, ends[0], features[:2]))
    features.append(attended(last, 1, ends[1], features[1:2]))
    (heads,) = network.heads
    for k, own in enumerate(features):
        expected = own @ heads.weight[k].T + heads.bias[k]
        scores = scores_of(network, rows)["table", f"task{k}"]
        torch.testing.assert_close(scores, expected.detach(), rtol=1e-4, atol=1e-5)


def test_later_steps_are_penalised_where_they_are_more_probable():
    data = funnel("binary", "binary", "binary", "regression", after={**TREE, "task3": "task2"})
    network, rows = built(AITM(MLP((6,)), calibration=2.0), data)
    raw = network(rows)
    scores = {name: s[:, 0].sigmoid() for (_, name), s in scores_of(network, rows).items()}
    pairs = [("task0", "task1"), ("task0", "task2"), ("task1", "task2")]
    excess = [(scores[later] - scores[former]).clamp(min=0).mean() for former, later in pairs]
    penalty = network.batch_penalty({}, raw, rows)
    torch.testing.assert_close(penalty, 2.0 * sum(excess))
    assert penalty > 0
    assert built(SMALL, fed(data, {}))[0].batch_penalty({}, raw, rows) is None
    own, own_rows = built(SMALL, funnel(*["binary"] * 2, own_rows=True))
    assert own.batch_penalty({}, own(own_rows), own_rows) is None


@pytest.mark.parametrize(
    "data",
    [
        funnel("binary", "regression", "binary", "multilabel", "multiclass", after=TREE),
        funnel(*["binary"] * 4, own_rows=True, after=TREE),
        funnel("binary", "regression", "binary", "binary", own_tables=True, after=TREE),
    ],
    ids=["one table", "own rows", "own tables"],
)
def test_contract_with_dependencies(data):
    check_architecture(SMALL, [data])


def test_what_feeds_none_is_no_shared_parameter():
    network, _ = built(SMALL, funnel("binary", "binary", "binary"))
    shared = {id(parameter) for parameter in network.shared_parameters()}
    names = {name for name, parameter in network.named_parameters() if id(parameter) in shared}
    parts = ("inputs", "transfer.feeding_towers", "transfer.transfers.0")
    assert all(name.startswith(parts) for name in names)
    assert any(name.startswith("transfer.transfers.0") for name in names)


def test_rows_of_one_task_each_score_as_those_of_all():
    recipe, own = AITM(MLP((6,), normalization="batch")), funnel(*["binary"] * 3, own_rows=True)
    check_architecture(recipe, [own])
    network, rows = built(recipe, funnel(*["binary"] * 3))
    other, own_rows = built(recipe, own)
    network.train()(rows)  # so that running statistics are not those of the start
    task = own_rows["table"].task
    both = {"table": replace(rows["table"], task=task)}
    other.train()(both)
    for (name, buffer), wanted in zip(other.named_buffers(), network.buffers(), strict=True):
        torch.testing.assert_close(buffer, wanted, msg=name)
    ((_, dense),) = network.eval()(rows).items()
    ((_, scores),) = other.eval()(both).items()
    torch.testing.assert_close(scores, dense[torch.arange(len(task)), task])
