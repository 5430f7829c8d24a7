"""ESM2 mixes over the actions on the way."""

import pytest
import torch
from dependent_tasks import built, funnel, scores_of

from polytask.architectures import ESM2, ESMM, HardSharing
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.testing import check_architecture

SMALL = ESM2(MLP((8,)))
ON_THE_WAY = {"task1": "task0", "task2": "task0", "task3": ("task0", "task1")}
TWO_ACTIONS = {**ON_THE_WAY, "task3": ("task0", "task1", "task2")}


def given(network, rows):
    """Probabilities of every node given those before it; the last tower is for no action."""
    features = network.inputs(rows)
    upstream = network.upstream(features)["table"].double().sigmoid()
    nodes = {n: upstream[:, [k]] for k, n in enumerate(network.upstream.towers.descendants)}
    raw = network.ends(features, rows)
    for block in network.ends.heads.blocks:
        for position, name in enumerate(block.tasks):
            nodes[name] = raw["table", block.name][:, position].double()
    (otherwise,) = network.otherwise(features, rows).values()
    return nodes, otherwise[:, 0].double()


def test_a_purchase_has_a_path_with_the_action_and_one_without():
    network, rows = built(SMALL, funnel(*["binary"] * 4, after=ON_THE_WAY))
    nodes, otherwise = given(network, rows)
    click, cart = nodes["task0"], nodes["task1"]
    buy, rest = nodes["task3"].sigmoid(), otherwise.sigmoid()
    scores = scores_of(network, rows)
    expected = click * (cart * buy + (1 - cart) * rest)
    torch.testing.assert_close(scores["table", "task3"].double().sigmoid(), expected)
    torch.testing.assert_close(scores["table", "task1"].double().sigmoid(), click * cart)


def test_one_or_more_of_several_actions():
    network, rows = built(SMALL, funnel(*["binary"] * 4, after=TWO_ACTIONS))
    nodes, otherwise = given(network, rows)
    some = 1 - (1 - nodes["task1"]) * (1 - nodes["task2"])
    buy = some * nodes["task3"].sigmoid() + (1 - some) * otherwise.sigmoid()
    scores = scores_of(network, rows)["table", "task3"]
    torch.testing.assert_close(scores.double().sigmoid(), nodes["task0"] * buy)


def test_an_amount_is_mixed_in_its_units():
    data = funnel(
        "binary", "binary", "regression", after={"task1": "task0", "task2": ("task0", "task1")}
    )
    network, rows = built(SMALL, data)
    nodes, otherwise = given(network, rows)
    cart = nodes["task1"]
    (block,) = [block for block in network.blocks if "task2" in block.tasks]
    (target,) = block.targets
    center, scale = target.learned["center"][0], target.learned["scale"][0]
    first, second = (center + scale * score for score in (nodes["task2"], otherwise))
    amount = nodes["task0"] * (cart * first + (1 - cart) * second)
    scores = scores_of(network, rows)["table", "task2"].double()
    torch.testing.assert_close(center + scale * scores, amount, rtol=1e-4, atol=1e-4)


def test_an_action_behind_another_and_one_behind_what_is_not_named():
    after = {
        "task1": "task0",
        "task2": "task1",
        "task3": ("task0", "task1", "task2"),  # task2 implies task1
        "task4": ("task0", "task2"),  # task2 happens by way of task1
    }
    network, rows = built(SMALL, funnel(*["binary"] * 5, after=after))
    assert set(network.upstream.towers.descendants) == {"task0", "task1", "task2"}
    click, cart, pay = network.upstream(network.inputs(rows))["table"].double().sigmoid().T
    features = network.inputs(rows)
    with_it = next(iter(network.ends(features, rows).values())).double().sigmoid()
    without = next(iter(network.otherwise(features, rows).values())).double().sigmoid()
    scores = scores_of(network, rows)
    for k, (name, chance) in enumerate({"task3": cart, "task4": cart * pay}.items()):
        mixed = click * (chance * with_it[:, k, 0] + (1 - chance) * without[:, k, 0])
        torch.testing.assert_close(scores["table", name][:, 0].double().sigmoid(), mixed)


@pytest.mark.parametrize(
    "data",
    [
        funnel("binary", "binary", "binary", "regression", "multiclass", after=TWO_ACTIONS),
        funnel(*["binary"] * 4, own_rows=True, after=TWO_ACTIONS),
        funnel("binary", "binary", "binary", "binary", own_tables=True, after=ON_THE_WAY),
    ],
    ids=["one table", "own rows", "own tables"],
)
def test_contract_with_dependencies(data):
    check_architecture(SMALL, [data])


@pytest.mark.parametrize(
    ("recipe", "after", "ordered"),
    [
        (SMALL, ON_THE_WAY, True),
        (ESMM(MLP((8,))), ON_THE_WAY, True),
        (SMALL, {**ON_THE_WAY, "task3": "task1"}, True),
        (HardSharing(MLP((8,))), ON_THE_WAY, False),
    ],
)
def test_what_must_happen_before_is_never_less_probable(recipe, after, ordered):
    network, rows = built(recipe, funnel(*["binary"] * 4, after=after))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
    scores = {task: scores for (_, task), scores in scores_of(network, rows).items()}
    later = torch.stack([scores["task1"], scores["task2"], scores["task3"]])
    assert bool((later <= scores["task0"] + 1e-5).all()) is ordered


def test_a_plain_chain_is_esmm():
    data = funnel("binary", "binary", "regression")
    network, rows = built(SMALL, data)
    other, _ = built(ESMM(MLP((8,))), data)
    for key, scores in scores_of(network, rows).items():
        torch.testing.assert_close(scores, scores_of(other, rows)[key])


def test_a_note_says_that_it_is_esmm():
    sentence = "ESM2 is ESMM here, since no task names both another and what comes after that."
    (note,) = SMALL.notes(funnel("binary", "binary", "binary").tasks)
    assert note == (
        f"{sentence} If 'task2' may happen without 'task1', name both in its `after`, on the command "
        "line --after task2=task0,task2=task1."
    )
    named = funnel(*["binary"] * 3, after={"task1": "task0", "task2": ("task0", "task1")})
    assert not SMALL.notes(named.tasks)  # as the note says
    assert SMALL.notes(funnel("binary", "binary").tasks) == (sentence,)
    assert SMALL.notes(funnel("binary", "binary", after={}).tasks)[1:] == (sentence,)
    assert not SMALL.notes(funnel("binary").tasks)


def test_refusals_name_the_tasks():
    data = funnel(*["binary"] * 5, after={**ON_THE_WAY, "task4": "task3"})
    words = "Task 'task3' comes after 'task0' and 'task1', and 'task4' after it"
    assert words in SMALL.refuses(data.tasks)
    with pytest.raises(ParameterError, match=words):
        built(SMALL, data)
    assert "must be binary" in SMALL.refuses(funnel("regression", "binary").tasks)
