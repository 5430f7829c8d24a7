"""Every architecture with tasks of counts: with an exposure, and spread wider than Poisson."""

import inspect

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
from polytask.tasks import Count
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import score, to_tensors

RECIPES = small_architectures()
COUNTS = [Count(), Count("negative_binomial")]
SHARED = tiny_dataset(["count", COUNTS[1], "regression"])
OWN_ROWS = tiny_dataset(["count", "count"], own_rows=True)


def table(n_rows=600):
    """Claims with their months, whose rate is that of visits, which spread wider."""
    generator = np.random.default_rng(0)
    x, months = generator.normal(size=n_rows), generator.uniform(1, 12, n_rows)
    rate = np.exp(x - 1)
    visits = generator.poisson(4 * rate * generator.gamma(2.0, 0.5, n_rows))
    return {"x": x, "claims": generator.poisson(rate * months), "months": months, "visits": visits}


TARGETS = ["claims=claims,months:count", "visits:count:negative_binomial"]


def test_two_architectures_serve_counts():
    """All of them in the slow test; heads of several scores are also those of grades."""
    check_architecture(RECIPES["HardSharing"], [SHARED])
    check_architecture(RECIPES["SingleTask"], [OWN_ROWS])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_architecture_serves_counts_or_says_why_not(recipe):
    data = OWN_ROWS if recipe.one_task_per_row else SHARED
    reason = recipe.refuses(data.tasks)
    if reason is None:
        check_architecture(recipe, [data])
    else:
        assert data_for(recipe) is not None
        assert "binary" in reason


def test_funnels_and_ordered_tasks_name_the_kind():
    tasks = [Task("n", "count"), Task("m", "count", after="n")]
    reasons = {name: recipe.refuses(polytask.TaskSet(tasks)) for name, recipe in RECIPES.items()}
    refusing = {name for name, reason in reasons.items() if reason}
    assert refusing
    for name in refusing:
        assert "count" in reasons[name] or "binary" in reasons[name], reasons[name]
    assert all(inspect.isclass(type(recipe)) for recipe in RECIPES.values())


@pytest.mark.parametrize(
    "encoder",
    [TabM(3, (16,), numbers="standardized"), PackedMLP(3, (8,), numbers="standardized")],
    ids=["TabM", "PackedMLP"],
)
def test_ensembles_average_rates(encoder):
    data = polytask.read(table(60), TARGETS)
    schemas = fit_schemas(data)
    network = HardSharing(encoder).build(schemas, data.tasks, 0).eval()
    batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    averaged = score(network, batch)
    with torch.no_grad():
        members = network(batch)
    for block in network.blocks:
        (kind, target), raw = (block.kind, block.targets[0]), members["table", block.name]
        own = raw.reshape(60, 3, *block.score_shape).transpose(0, 1).numpy()
        rates = np.stack([kind.decide(kind.response(one, target), target) for one in own])
        found = averaged["table", block.name].reshape(60, *block.score_shape).numpy()
        rate = kind.decide(kind.response(found, target), target)
        np.testing.assert_allclose(rate, rates.mean(axis=0), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Networks with tab_m are trained with")
@pytest.mark.parametrize("encoder", [None, TabM(4, (32,))], ids=["mlp", "tab_m"])
def test_networks_recover_rates_and_dispersions(encoder):
    data = polytask.read(table(), TARGETS)
    architecture = HardSharing() if encoder is None else HardSharing(encoder)
    model = polytask.fit(data, MultiTaskNetwork(architecture), budget=Budget(steps=400))
    at = {"x": np.linspace(-1.5, 1.5, 7)}
    claims, visits = (model.predict(at)[name].response for name in ("claims", "visits"))
    true = np.exp(at["x"] - 1)
    assert np.abs(np.log(claims / true)).max() < 0.4
    assert np.abs(np.log(visits[:, 0] / (4 * true))).max() < 0.5
    assert 0.2 < np.median(visits[:, 1]) < 1.1  # the true dispersion is 0.5
