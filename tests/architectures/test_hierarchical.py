"""Hierarchical answers low tasks below, and feeds them to those above."""

import numpy as np
import pytest
import torch
from dependent_tasks import built, fed, funnel, scores_of

import polytask
from polytask import MultiTaskDataset, Task, TaskSet
from polytask.architectures import Hierarchical
from polytask.architectures._hierarchical import depths_of
from polytask.architectures._level_heads import Handover
from polytask.encoders import MLP, State
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer

TREE = {"task1": "task0", "task2": "task1", "task3": "task1"}


def head(network, depth, group, task, features):
    """Scores of one task by its own rows of the stacked heads."""
    level = network.levels[str(depth)][group]
    for block, heads in zip(level.blocks, level.heads, strict=True):
        if task in block.tasks:
            position = block.tasks.index(task)
            return features @ heads.weight[position].T + heads.bias[position]
    raise AssertionError(task)


def test_forward_is_that_of_the_formula():
    after = {"task1": "task0", "task2": ("task0", "task1")}
    data = funnel("binary", "regression", "binary", "multiclass", after=after)
    network, rows = built(Hierarchical(MLP((6, 5, 4))), data)
    assert network.depths == {"task0": 1, "task1": 2, "task2": 3, "task3": 1}
    entry = network.inputs(rows)["table"].values
    first = network.stages[0](entry)
    click = head(network, 1, 0, "task0", first)
    other = head(network, 1, 1, "task3", first)  # feeds nothing
    hand = network.handovers["1"]
    second = network.stages[1](
        first + click @ hand.labels.weight.T + entry @ hand.shortcut.weight.T
    )
    spent = head(network, 2, 0, "task1", second)
    hand = network.handovers["2"]
    lower = torch.cat([click, spent], dim=1)
    third = network.stages[2](
        second + lower @ hand.labels.weight.T + entry @ hand.shortcut.weight.T
    )
    expected = {
        "task0": click,
        "task1": spent,
        "task2": head(network, 3, 0, "task2", third),
        "task3": other,
    }
    for (_, name), scores in scores_of(network, rows).items():
        torch.testing.assert_close(scores, expected[name].detach())


def test_plain_stages_have_nothing_handed_on():
    recipe = Hierarchical(MLP((6, 5)), label_embedding=False, shortcut=False)
    network, rows = built(recipe, funnel("binary", "binary"))
    assert len(network.handovers) == 0
    first = network.stages[0](network.inputs(rows)["table"].values)
    scores = scores_of(network, rows)
    own = head(network, 2, 0, "task1", network.stages[1](first)).detach()
    torch.testing.assert_close(
        scores["table", "task0"], head(network, 1, 0, "task0", first).detach()
    )
    torch.testing.assert_close(scores["table", "task1"], own)


def test_low_tasks_do_not_reach_the_stages_above():
    network, rows = built(Hierarchical(MLP((6, 5))), funnel("binary", "binary"))
    ((_, scores),) = network(rows).items()
    low = torch.autograd.grad(
        scores[:, 0].sum(), list(network.parameters()), allow_unused=True, retain_graph=True
    )
    high = torch.autograd.grad(scores[:, 1].sum(), list(network.parameters()), allow_unused=True)
    names = [name for name, _ in network.named_parameters()]
    reached = {
        name
        for name, gradient in zip(names, low, strict=True)
        if gradient is not None and gradient.any()
    }
    assert not any(name.startswith(("stages.1", "handovers", "levels.2")) for name in reached)
    by_high = {name for name, gradient in zip(names, high, strict=True) if gradient is not None}
    assert {
        "levels.1.0.heads.0.weight",
        "stages.0.0.weight",
        "handovers.1.labels.weight",
    } <= by_high


@pytest.mark.parametrize("encoder", [MLP((8, 8, 8)), MLP((8,) * 4, normalization="layer")])
@pytest.mark.parametrize(
    "data",
    [
        funnel("binary", "regression", "binary", "multilabel", "multiclass", after=TREE),
        funnel(*["binary"] * 4, own_rows=True, after=TREE),
        funnel("binary", "regression", "binary", "regression", own_tables=True, after=TREE),
    ],
    ids=["one table", "own rows", "own tables"],
)
def test_contract_with_dependencies(encoder, data):
    check_architecture(Hierarchical(encoder), [data])


def test_levels_are_spread_over_the_stages():
    chain = TaskSet(["a", Task("b", after="a"), Task("c", after="b"), "d"])
    assert depths_of(chain, 3) == {"a": 1, "b": 2, "c": 3, "d": 1}
    assert depths_of(chain, 6) == {"a": 2, "b": 4, "c": 6, "d": 2}
    plain = TaskSet(list("abcde"))
    assert list(depths_of(plain, 2).values()) == [1, 1, 2, 2, 2]
    assert list(depths_of(plain, 0).values()) == [0] * 5
    assert depths_of(TaskSet("a"), 3) == {"a": 3}


def test_more_levels_than_stages():
    data = funnel("binary", "binary", "binary")
    words = r"3 \(task0; task1; task2\). Got 2 stages; give more, such as an MLP of 3 widths"
    with pytest.raises(ParameterError, match=words):
        built(Hierarchical(MLP((8, 8))), data)
    assert built(Hierarchical(MLP((8, 8))), fed(data, {}))


@pytest.mark.parametrize("shape", [(5,), (7, 5), (5, 3, 2)])
def test_handing_over_to_vectors_sequences_and_maps(shape):
    torch.manual_seed(0)
    hand = Handover(2, 3, 5, ("above",))
    scores, entry = torch.randn(4, 2, 1), torch.randn(4, 3)
    values = torch.randn(4, *shape)
    added = scores.flatten(1) @ hand.labels.weight.T + entry @ hand.shortcut.weight.T
    for row in range(4):
        wide = {1: added[row], 2: added[row][None], 3: added[row][:, None, None]}[len(shape)]
        state = hand(State(values), [State(scores.flatten(1))], entry)
        torch.testing.assert_close(state.values[row], values[row] + wide)


def test_learns_what_is_the_exclusive_or_of_lower_tasks():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 4))
    low = x[:, :2] > 0
    table = {f"x{i}": column for i, column in enumerate(x.T)}
    table |= {"a": low[:, 0].astype(int), "b": low[:, 1].astype(int)}
    table["xor"] = (low[:, 0] != low[:, 1]).astype(int)
    tasks = [Task("a", "binary"), Task("b", "binary"), Task("xor", "binary", after=("a", "b"))]
    data = MultiTaskDataset.from_table(table, tasks)
    trainer = Trainer(steps=60, batch_size=100, learning_rate=0.03)
    model = polytask.fit(data, MultiTaskNetwork(Hierarchical(MLP((16, 16))), trainer))
    predicted = model.predict(data.sources[0].inputs)["xor"].response > 0.5
    assert np.mean(predicted == table["xor"]) > 0.9


def test_without_dependencies_tasks_are_low_to_high():
    network, _ = built(Hierarchical(MLP((6, 5))), tiny_dataset(["binary", "regression"]))
    (low, high) = (network.levels[depth][0] for depth in ("1", "2"))
    assert [owned.dependants for owned in low.owners()] == [(("task1",),)] * 2
    assert [owned.dependants for owned in high.owners()] == [()] * 2
