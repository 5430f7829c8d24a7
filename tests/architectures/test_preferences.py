"""Networks conditioned on preferences: their formulas, and a Pareto front in closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from polytask._seeds import derived_seed
from polytask.aggregation import Sum
from polytask.architectures import COSMOS, ParetoHyperNetwork
from polytask.architectures._widened_inputs import with_channels
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP, State
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Task
from polytask.testing import tiny_dataset
from polytask.testing._batches import encoded_for
from polytask.training import Trainer
from polytask.weighting import Tchebycheff

KINDS = [COSMOS, ParetoHyperNetwork]
PREFERENCE = torch.tensor([0.6, 0.3, 0.1])


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0)
    return network, encoded_for(network, data, schemas)


def at(batch, preference):
    return {name: replace(rows, preference=preference) for name, rows in batch.items()}


# ── networks ─────────────────────────────────────────────────────────────────────────────────


def heads_of(network, features, weights=None):
    """Scores of every block by products of single tasks."""
    weights = weights or dict(network.heads.named_parameters())
    return {
        block.name: torch.stack(
            [
                features @ weights[f"{place}.weight"][k].T + weights[f"{place}.bias"][k]
                for k in range(len(block.tasks))
            ],
            dim=1,
        )
        for place, block in enumerate(network.blocks)
    }


def test_cosmos_reads_the_preference_beside_the_row():
    network, batch = built(COSMOS(MLP((5,))), tiny_dataset(["regression", "binary", "regression"]))
    (source,) = batch
    values = network.inputs(batch)[source].values
    beside = torch.cat([values, PREFERENCE.repeat(len(values), 1)], dim=1)
    wanted = heads_of(network, network.trunk[0](beside))
    raw = network(at(batch, PREFERENCE))
    for block in network.blocks:
        torch.testing.assert_close(raw[source, block.name], wanted[block.name])


def test_the_hypernetwork_generates_stages_and_heads_as_linear_maps_of_a_code():
    recipe = ParetoHyperNetwork(MLP((5, 4)), hidden=8)
    network, batch = built(recipe, tiny_dataset(["regression", "binary", "regression"]))
    (source,) = batch
    code = network.code(PREFERENCE)

    def generated(module, matrices):
        named = module.named_parameters()
        return {
            name: plain + torch.einsum("...h,h->...", matrix, code)
            for (name, plain), matrix in zip(named, matrices, strict=True)
        }

    trunk = generated(network.trunk, network.of_trunk)
    features = network.inputs(batch)[source].values
    for stage in range(2):
        weight, bias = trunk[f"{stage}.0.weight"], trunk[f"{stage}.0.bias"]
        features = torch.relu(nn.functional.linear(features, weight, bias))
    wanted = heads_of(network, features, generated(network.heads, network.of_heads))
    raw = network(at(batch, PREFERENCE))
    for block in network.blocks:
        torch.testing.assert_close(raw[source, block.name], wanted[block.name])


def test_what_an_encoder_freezes_is_not_generated():
    def half_frozen(shape):
        layers = nn.Sequential(nn.Linear(shape[0], 4), nn.ReLU(), nn.Linear(4, 3))
        layers[0].requires_grad_(requires_grad=False)
        return layers

    network, _ = built(ParetoHyperNetwork(half_frozen), tiny_dataset(["regression"] * 3))
    weights = network.of_trunk.generated(network.trunk, network.code(PREFERENCE))
    assert set(weights) == {"0.2.weight", "0.2.bias"}


@pytest.mark.parametrize(("shape", "channels"), [((5,), 1), ((4, 5), 2), ((5, 2, 3), 1)])
def test_the_preference_is_further_channels_of_steps_and_places(shape, channels):
    values, mask = torch.randn(2, *shape), torch.ones(2, 4, dtype=torch.bool)
    widened = with_channels(State(values, mask), PREFERENCE)
    assert widened.mask is mask
    own, added = widened.values.split([5, 3], dim=channels)
    assert torch.equal(own, values)
    everywhere = added.movedim(channels, -1).reshape(-1, 3)
    assert torch.equal(everywhere, PREFERENCE.expand_as(everywhere))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_one_task_and_several_tables(kind):
    forms = [
        tiny_dataset(["regression"] * 3, own_rows=True),
        tiny_dataset(["regression", "binary", "regression"], own_tables=True),
    ]
    for data in forms:
        network, batch = built(kind(MLP((5,))), data)
        plain, preferred = network(batch), network(at(batch, PREFERENCE))
        assert all(not torch.equal(plain[key], preferred[key]) for key in plain)


@pytest.mark.parametrize("kind", KINDS)
def test_preferences_follow_a_dirichlet_distribution(kind):
    network, _ = built(kind(MLP((5,)), concentration=0.5), tiny_dataset(["regression"] * 3))
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([network.draw_preference(generator) for _ in range(400)])
    torch.testing.assert_close(drawn.sum(dim=1), torch.ones(400))
    assert (drawn.mean(dim=0) - 1 / 3).abs().max() < 0.05
    variance = (1 / 3) * (2 / 3) / (3 * 0.5 + 1)
    assert (drawn.var(dim=0) / variance - 1).abs().max() < 0.2


# ── losses ───────────────────────────────────────────────────────────────────────────────────

WEIGHTED = tiny_dataset(["regression", "binary", "regression"]).with_tasks(
    {"task1": Task("task1", "binary", "target1_0", weight=2.0)}
)


def cosmos_loss(losses, preference):
    """The authors' code: ``loss_total -= lamda * cossim``."""
    total = sum(share * loss for share, loss in zip(preference, losses, strict=True))
    return total - 0.4 * nn.functional.cosine_similarity(losses, preference, dim=0)


def linear_loss(losses, preference):
    """The authors' `LinearScalarizationSolver`."""
    return (losses * preference).sum()


def largest(losses, preference):
    """The Tchebycheff scalarisation of preferred losses, whose own weights are 1/3."""
    return (losses * preference).max() / 3


RULES = {
    "COSMOS": (COSMOS(MLP((5,)), cosine=0.4), {}, cosmos_loss),
    "COSMOS, aggregated": (COSMOS(MLP((5,)), cosine=0.4), {"aggregation": Sum()}, cosmos_loss),
    "PHN-LS": (ParetoHyperNetwork(MLP((5,)), hidden=8), {}, linear_loss),
    "largest": (ParetoHyperNetwork(MLP((5,)), hidden=8), {"weighting": Tchebycheff()}, largest),
}


@pytest.mark.parametrize("name", RULES)
def test_a_step_follows_the_authors_loss_at_the_preference_drawn(name):
    recipe, balancing, rule = RULES[name]
    network, batch = built(recipe, WEIGHTED)
    n_rows = sum(rows.n_rows for rows in batch.values())
    trainer = Trainer(steps=1, optimizer="sgd", learning_rate=0.1, batch_size=n_rows, **balancing)
    trained = trainer.fit(recipe, WEIGHTED, seed=0).network
    generator = torch.Generator().manual_seed(derived_seed(0, "balancing"))
    preference = network.draw_preference(generator)
    loss = MultiTaskLoss(network.blocks, WEIGHTED.tasks)
    loss.expected = loss.counts(batch)
    losses = loss(network(at(batch, preference)), batch)[0] * torch.tensor([1.0, 2.0, 1.0])
    (3 * rule(losses, preference)).backward()
    for (key, start), end in zip(network.named_parameters(), trained.parameters(), strict=True):
        wanted = start if start.grad is None else start - 0.1 * start.grad
        torch.testing.assert_close(end, wanted, rtol=1e-4, atol=1e-6, msg=key)


def test_the_cosine_leaves_out_absent_tasks_and_ends_where_losses_do():
    network, _ = built(COSMOS(MLP((5,)), cosine=0.5), tiny_dataset(["regression"] * 3))
    present = torch.tensor([True, False, True])
    losses = torch.tensor([0.2, 0.0, 0.9], requires_grad=True)
    penalty = network.preference_penalty(losses, present, PREFERENCE)
    cosine = nn.functional.cosine_similarity(losses[[0, 2]], PREFERENCE[[0, 2]], dim=0)
    torch.testing.assert_close(penalty, -1.5 * cosine)
    perfect = torch.zeros(3, requires_grad=True)
    for shown in (present, ~present, torch.zeros(3, dtype=torch.bool)):
        penalty = network.preference_penalty(perfect, shown, PREFERENCE)
        (gradient,) = torch.autograd.grad(penalty, perfect)
        assert penalty == 0
        assert not gradient.any()


# ── a known front ────────────────────────────────────────────────────────────────────────────


def tied(kind):
    """The recipe with heads of both tasks that are one fixed sum: one scalar answers for both."""

    class Tied(kind):
        def network(self, encoder, schemas, tasks):
            network = super().network(encoder, schemas, tasks)
            (heads,) = network.heads
            signs = torch.tensor([1.0, -1.0]).repeat(heads.weight.shape[2] // 2)
            with torch.no_grad():
                heads.weight.copy_(signs.expand_as(heads.weight) / 2)
                heads.bias.zero_()
                for matrix in getattr(network, "of_heads", ()):
                    matrix.zero_()
            for piece in (network.heads, getattr(network, "of_heads", nn.Identity())):
                piece.requires_grad_(requires_grad=False)
            return network

    return Tied


def conflict():
    """Independent targets x and y of two signs; one answer z can follow either.

    For z = t x + (1 - t) y the losses are 2 (1 - t)² and 2 t²: the Pareto front, on which
    √ℓ₁ + √ℓ₂ = √2, and a weighted sum is least at t = its first weight.
    """
    x, y = np.repeat([1.0, 1.0, -1.0, -1.0], 8), np.tile([1.0, -1.0], 16)
    table = {"x": x, "y": y, "first": x, "second": y}
    tasks = [Task("first", "regression"), Task("second", "regression")]
    return MultiTaskDataset.from_table(table, tasks, features=["x", "y"])


@pytest.mark.parametrize(
    "recipe",
    [
        tied(COSMOS)(MLP((24,)), concentration=1.0),
        tied(ParetoHyperNetwork)(MLP((8,)), hidden=8, concentration=1.0),
    ],
    ids=["COSMOS", "ParetoHyperNetwork"],
)
def test_predictions_move_along_the_front_with_the_preference(recipe):
    data = conflict()
    trainer = Trainer(steps=250, batch_size=32, learning_rate=0.01)
    with pytest.warns(UserWarning, match="cannot be saved"):
        predictor = MultiTaskNetwork(recipe, trainer).fit(data, None)
    source = data.sources[0].inputs
    x, y = source["x"].to_numpy(), source["y"].to_numpy()
    ways, excess = [], []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        predictions = predictor.predict(data, preference={"first": share, "second": 1 - share})
        scalar = predictions["first"].response
        np.testing.assert_allclose(scalar, predictions["second"].response, atol=1e-6)
        losses = np.mean((scalar - x) ** 2), np.mean((scalar - y) ** 2)
        excess.append(np.sqrt(losses).sum() - np.sqrt(2))
        ways.append(np.mean(scalar * x))
    assert np.diff(ways).min() > 0.1
    np.testing.assert_allclose(ways, [0.0, 0.25, 0.5, 0.75, 1.0], atol=0.12)
    assert max(excess) < 0.15
    plain = predictor.predict(data)["first"].response
    np.testing.assert_allclose(np.mean(plain * x), 0.5, atol=0.12)
