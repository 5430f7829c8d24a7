"""Every architecture with tasks of ordered grades and of quantiles."""

import numpy as np
import pytest
import torch
from small_architectures import data_for, small_architectures

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import encode, fit_schemas
from polytask.encoders import PackedMLP, TabM
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Ordinal, Quantile
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import score, to_tensors

RECIPES = small_architectures()
SHARED = tiny_dataset(["ordinal", Quantile((0.2, 0.8)), "regression", "quantile"])
OWN_ROWS = {kind: tiny_dataset([kind, kind], own_rows=True) for kind in ("ordinal", "quantile")}


def table(n_rows=1500, seed=0):
    """A price whose noise grows with b, and its rank among four grades."""
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=n_rows), generator.uniform(size=n_rows)
    price = 10 * a + (1 + 9 * b) * generator.normal(size=n_rows)
    grade = np.array(["D", "C", "B", "A"])[np.digitize(price, [-12, 0, 12])]
    return {"a": a, "b": b, "price": price, "grade": grade.tolist()}


TARGETS = ["price:quantile:0.1,0.5,0.9", "grade:ordinal:D<C<B<A"]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_architecture_serves_grades_and_quantiles_or_says_why_not(recipe):
    data = OWN_ROWS.values() if recipe.one_task_per_row else [SHARED]
    reasons = {recipe.refuses(each.tasks) for each in data}
    if reasons == {None}:
        check_architecture(recipe, list(data))
    else:
        assert data_for(recipe) is not None
        assert all("binary" in reason for reason in reasons)


@pytest.mark.parametrize("kind", ["ordinal:1<2", "quantile:0.5"])
def test_funnels_and_ordered_tasks_name_the_kind(kind):
    tasks = polytask.TaskSet([Task("n", kind), Task("m", kind, after="n")])
    reasons = {name: recipe.refuses(tasks) for name, recipe in RECIPES.items()}
    refusing = [reason for reason in reasons.values() if reason]
    assert refusing
    assert all(kind.partition(":")[0] in reason or "binary" in reason for reason in refusing)


@pytest.mark.parametrize(
    "encoder",
    [TabM(3, (16,), numbers="standardized"), PackedMLP(3, (8,), numbers="standardized")],
    ids=["TabM", "PackedMLP"],
)
def test_ensembles_average_probabilities_and_quantiles(encoder):
    data = polytask.read(table(60), TARGETS)
    schemas = fit_schemas(data)
    network = HardSharing(encoder).build(schemas, data.tasks, 0).eval()
    batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    averaged = score(network, batch)
    with torch.no_grad():
        members = network(batch)
    assert {block.kind.name for block in network.blocks} == {"quantile", "ordinal"}
    for block in network.blocks:
        (kind, target), raw = (block.kind, block.targets[0]), members["table", block.name]
        own = raw.reshape(60, 3, *block.score_shape).transpose(0, 1).numpy()
        expected = np.mean([kind.response(one, target) for one in own], axis=0)
        found = averaged["table", block.name].reshape(60, *block.score_shape).numpy()
        np.testing.assert_allclose(kind.response(found, target), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Networks with tab_m are trained with")
@pytest.mark.parametrize("encoder", [None, TabM(4, (32,))], ids=["mlp", "tab_m"])
def test_networks_recover_grades_and_quantiles(encoder):
    data = polytask.read(table(), TARGETS)
    architecture = HardSharing() if encoder is None else HardSharing(encoder)
    model = polytask.fit(data, MultiTaskNetwork(architecture), budget=Budget(steps=600))
    new = table(seed=1)
    predicted = model.predict({"a": new["a"], "b": new["b"]})
    quantiles = predicted["price"].response
    assert (np.diff(quantiles, axis=1) >= 0).all()
    below = new["price"][:, None] <= quantiles
    np.testing.assert_allclose(below.mean(axis=0), [0.1, 0.5, 0.9], atol=0.06)
    width = quantiles[:, 2] - quantiles[:, 0]
    calm, wild = width[new["b"] < 0.2].mean(), width[new["b"] > 0.8].mean()
    assert wild > 2 * calm  # 9.1 deviations against 1.9
    codes = np.array([["D", "C", "B", "A"].index(grade) for grade in new["grade"]])
    decided = np.array([["D", "C", "B", "A"].index(grade) for grade in predicted["grade"].decision])
    assert np.abs(codes - decided).mean() < 0.45
    above = 1 - np.cumsum(predicted["grade"].response, axis=1)[:, :-1]
    np.testing.assert_allclose(
        above.mean(axis=0), [(codes > grade).mean() for grade in range(3)], atol=0.05
    )


def test_weighted_grades_are_predicted_more_often():
    grades, new = ("D", "C", "B", "A"), table(seed=1)
    columns = {name: values for name, values in table().items() if name != "price"}
    shares = []
    for weights in (None, {"A": 20.0}):
        data = polytask.read(columns, [Task("grade", Ordinal(grades), class_weight=weights)])
        model = polytask.fit(data, MultiTaskNetwork(HardSharing()), budget=Budget(steps=200))
        decided = model.predict({"a": new["a"], "b": new["b"]})["grade"].decision
        shares.append((decided == "A").mean())
    assert shares[1] > 1.5 * shares[0]
