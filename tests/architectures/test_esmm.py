"""ESMM answers with probabilities of the whole space."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from dependent_tasks import built, fed, funnel, scores_of

import polytask
from polytask import MultiTaskDataset, Task, TaskSet
from polytask.architectures import ESMM
from polytask.architectures._joint_logit import any_logit, joint_logit, mixed_logit
from polytask.bookkeeping import Budget
from polytask.data import encode
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer, to_tensors

SMALL = ESMM(MLP((8,)))


def factors(network, rows):
    """Every task's own score on the rows of one table, by towers of one stage each."""
    features = network.inputs(rows)["table"].values
    own = {}

    def score(towers, position, weight, bias):
        (stage,) = towers
        hidden_weight, hidden_bias = (parameter[position] for parameter in stage.parameters())
        return torch.relu(features @ hidden_weight.T + hidden_bias) @ weight.T + bias

    if network.upstream is not None:
        weight, bias = sorted(network.upstream.heads.parameters(), key=torch.numel, reverse=True)
        for k, name in enumerate(network.upstream.towers.descendants):
            own[name] = score(network.upstream.towers.towers, k, weight[k], bias[k])
    for block, heads in zip(network.ends.heads.blocks, network.ends.heads, strict=True):
        for k, name in enumerate(block.tasks):
            tower = network.ends.towers.tasks.index(name)
            own[name] = score(network.ends.towers, tower, heads.weight[k], heads.bias[k])
    return {name: scores.detach() for name, scores in own.items()}


def test_a_chain_answers_with_the_product_of_its_factors():
    network, rows = built(SMALL, funnel("binary", "binary", "binary"))
    own, scores = factors(network, rows), scores_of(network, rows)
    product = 1.0
    for name in ("task0", "task1", "task2"):
        product = product * own[name].double().sigmoid()
        torch.testing.assert_close(scores["table", name].double().sigmoid(), product)


@pytest.mark.filterwarnings("ignore:.* to happen only where")  # labels are drawn apart
def test_the_response_is_the_product_in_predictions():
    data = funnel(
        "binary", "binary", "regression", "binary", after={"task1": "task0", "task2": ("task1",)}
    )
    trainer = Trainer(steps=3, batch_size=16)
    model = polytask.fit(data, MultiTaskNetwork(SMALL, trainer))
    predicted = model.predict(data.sources[0].inputs)
    network = model.model.network
    rows = to_tensors(encode(data.sources, data.tasks, model.schemas, network.blocks))
    own = {name: score.double().numpy()[:, 0] for name, score in factors(network, rows).items()}
    first, second = (1 / (1 + np.exp(-own[name])) for name in ("task0", "task1"))
    learned = dict(model.schemas["table"].targets["task2"].learned)
    amount = learned["center"][0] + learned["scale"][0] * own["task2"]
    np.testing.assert_allclose(predicted["task0"].response, first, rtol=1e-5)
    np.testing.assert_allclose(predicted["task1"].response, first * second, rtol=1e-5)
    np.testing.assert_allclose(predicted["task2"].response, first * second * amount, rtol=1e-4)
    np.testing.assert_allclose(predicted["task3"].raw[:, 0], own["task3"], rtol=1e-4, atol=1e-5)


def test_several_upstream_tasks_count_once_each():
    after = {"task1": "task0", "task2": "task0", "task3": ("task1", "task2")}
    network, rows = built(SMALL, funnel(*["binary"] * 4, after=after))
    own, scores = factors(network, rows), scores_of(network, rows)
    product = torch.stack([score.double().sigmoid() for score in own.values()]).prod(dim=0)
    torch.testing.assert_close(scores["table", "task3"].double().sigmoid(), product)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_of_products_stay_finite(dtype):
    values = torch.tensor([-100.0, -20.0, 0.0, 20.0, 100.0], dtype=dtype)
    pairs = torch.cartesian_prod(values, values).requires_grad_()
    joint = joint_logit(pairs)
    joint.sum().backward()
    assert joint.isfinite().all()
    assert pairs.grad.isfinite().all()
    a, b = pairs.detach().double().unbind(-1)
    exact = -torch.log(torch.exp(-a) + torch.exp(-b) + torch.exp(-a - b))
    torch.testing.assert_close(
        joint.double(),
        exact,
        rtol=1e-2 if dtype == torch.bfloat16 else 1e-5,
        atol=1e-5,
        check_dtype=False,
    )


def test_logits_of_unions_and_mixtures():
    torch.manual_seed(0)
    a, b, w = torch.randn(3, 20, dtype=torch.float64).unbind()
    p, q, share = a.sigmoid(), b.sigmoid(), w.sigmoid()
    union = any_logit(torch.stack([a, b], dim=-1)).sigmoid()
    torch.testing.assert_close(union, 1 - (1 - p) * (1 - q))
    torch.testing.assert_close(mixed_logit(w, a, b).sigmoid(), share * p + (1 - share) * q)
    far = torch.tensor([-100.0, 100.0])
    assert mixed_logit(far, far, -far).isfinite().all()


AFTER = {"task1": "task0", "task2": "task1", "task3": "task1"}


@pytest.mark.parametrize("encoder", [MLP((8,)), MLP(()), MLP((8,), normalization="batch")])
@pytest.mark.parametrize(
    "data",
    [
        funnel("binary", "binary", "regression", "multilabel", "multiclass", after=AFTER),
        funnel(*["binary"] * 4, own_rows=True, after=AFTER),
        funnel("binary", "binary", "regression", "binary", own_tables=True, after=AFTER),
    ],
    ids=["one table", "own rows", "own tables"],
)
def test_contract_with_dependencies(encoder, data):
    if encoder.normalization and len(data.sources) > 1:
        encoder = MLP((8,))  # batch statistics of few rows are tested on one table
    check_architecture(ESMM(encoder), [data])


def test_rows_of_one_task_each_score_as_those_of_all():
    shared = funnel("binary", "binary", "binary")
    own = funnel(*["binary"] * 3, own_rows=True)
    network, rows = built(SMALL, shared)
    other, own_rows = built(SMALL, own)
    other.load_state_dict(network.state_dict())
    ((_, dense),) = network(rows).items()
    task = own_rows["table"].task
    ((_, scores),) = other({"table": replace(rows["table"], task=task)}).items()
    torch.testing.assert_close(scores, dense[torch.arange(len(task)), task])


def test_the_upstream_tower_reads_rows_of_other_sources():
    network, rows = built(SMALL, funnel("binary", "binary", own_tables=True))
    _, second = network.sources
    scores = scores_of(network, {second: rows[second]})[second, "task1"]
    entered = network.inputs({second: rows[second]})
    click = network.upstream(entered)[second]
    (buy,) = network.ends(entered, {second: rows[second]}).values()
    product = click.double().sigmoid() * buy[:, 0].double().sigmoid()
    torch.testing.assert_close(scores.double().sigmoid(), product, check_dtype=False)


def test_without_dependencies_tasks_share_the_entry_alone():
    network, _ = built(SMALL, tiny_dataset(["binary", "regression"]))
    assert network.upstream is None
    assert {
        o.tensor.shape[-1] for o in network.owners() if o.is_shared and o.tensor.is_floating_point()
    } == {8}


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["regression", "binary"], "'task1' comes after 'task0', which is regression"),
        (["binary", "multiclass"], "Task 'task1' is multiclass. Leave out its `after`"),
    ],
)
def test_refusals_name_the_tasks(kinds, words):
    data = funnel(*kinds)
    assert words in SMALL.refuses(data.tasks)
    with pytest.raises(ParameterError, match="ESMM must be binary"):
        built(SMALL, data)
    with pytest.raises(ParameterError, match=words.split(".")[0]):
        polytask.fit(data, SMALL, budget=Budget(steps=1))
    assert SMALL.refuses(fed(data, {}).tasks) is None


def test_learns_a_rare_step_from_all_rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=1000)
    click = generator.random(1000) < 1 / (1 + np.exp(-2 * x))
    buy = click & (generator.random(1000) < 1 / (1 + np.exp(2 * x)))
    table = {"x": x, "click": click.astype(int), "buy": buy.astype(int)}
    tasks = TaskSet([Task("click", "binary"), Task("buy", "binary", after="click")])
    data = MultiTaskDataset.from_table(table, tasks)
    trainer = Trainer(steps=80, batch_size=256, learning_rate=0.05)
    model = polytask.fit(data, MultiTaskNetwork(ESMM(MLP(())), trainer))
    given = np.array([-3.0, 0.0, 3.0])
    answers = model.predict({"x": given})
    rate = answers["buy"].response / answers["click"].response
    np.testing.assert_allclose(answers["buy"].response[[0, 2]], 0.0, atol=0.05)  # a bump, of
    assert answers["buy"].response[1] > 0.15  # two linear factors
    assert rate[0] > 0.8
    assert rate[2] < 0.2
