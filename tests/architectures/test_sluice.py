"""Sluice networks: weights between subspaces and over stages."""

import pytest
import torch
from fused_towers import Sequences, SmallCNN, built, images, numbers, scores_of, tower
from torch import nn

from polytask.architectures import Sluice
from polytask.data import fit_schemas
from polytask.encoders import MLP, State, mean_pool
from polytask.exceptions import ParameterError
from polytask.testing import check_architecture

SMALL = MLP((4, 4), activation="tanh")


class EvenCNN(SmallCNN):
    """Maps of 4 channels, the second of half the size."""

    def stages(self, shape):
        first = nn.Sequential(nn.Conv2d(shape[0], 4, 3, padding=1), nn.Tanh())
        return [first, nn.Sequential(nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.Tanh())]


def mixed(alpha, features, axis):
    """The paper's α, one subspace of one task after the other."""
    n_tasks, n_parts = alpha.shape[:2]
    parts = [values.chunk(n_parts, dim=axis) for values in features]
    fused = []
    for k in range(n_tasks):
        subspaces = []
        for s in range(n_parts):
            terms = [
                alpha[k, s, j, t] * parts[j][t] for j in range(n_tasks) for t in range(n_parts)
            ]
            subspaces.append(torch.stack(terms).sum(dim=0))
        fused.append(torch.cat(subspaces, dim=axis))
    return fused


@pytest.mark.parametrize("n_subspaces", [1, 2])
@pytest.mark.parametrize(
    ("encoder", "data", "axis"),
    [(SMALL, numbers(), 1), (EvenCNN(), images(), 1), (Sequences(), numbers(), 2)],
)
def test_towers_are_fused_as_in_the_paper(encoder, data, axis, n_subspaces):
    network, batch = built(Sluice(encoder, n_subspaces=n_subspaces), data)
    entered = network.inputs(batch)["table"]
    features = [entered.values, entered.values]
    towers = [tower(network, encoder, k) for k in range(2)]
    layers = []
    for stage in range(2):
        features = [towers[k][stage](features[k]) for k in range(2)]
        features = mixed(network.units[str(stage + 1)].alpha, features, axis)
        layers.append([mean_pool(State(values, entered.mask)) for values in features])
    beta = network.stage_weights.beta
    own = [sum(beta[k, stage] * layers[stage][k] for stage in range(2)) for k in range(2)]
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, scores_of(network, own))


@pytest.mark.parametrize("encoder", [SMALL, MLP((4, 4), normalization="batch")])
def test_the_penalty_is_that_of_overlapping_subspaces(encoder):
    recipe = Sluice(encoder, orthogonality=0.5)
    network, _ = built(recipe, numbers())
    wanted = 0.0
    for copies in network.towers:
        for k in range(2):
            own = (
                copies.members[k][0].weight
                if not copies.stacked
                else getattr(copies, "0__weight")[k]
            )
            wanted = wanted + (own[:2] @ own[2:].T).square().sum()
    torch.testing.assert_close(network.penalty(), 0.5 * wanted)
    assert not built(Sluice(encoder, orthogonality=0.0), numbers())[0].penalty()
    assert not built(Sluice(encoder, n_subspaces=1), numbers())[0].penalty()


def test_the_penalty_makes_subspaces_read_orthogonal_directions():
    network, _ = built(Sluice(MLP((2, 2)), orthogonality=1.0), numbers())
    start = network.penalty().item()
    optimizer = torch.optim.SGD(network.towers.parameters(), lr=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        network.penalty().backward()
        optimizer.step()
    assert network.penalty() < 1e-3 * start


def test_weights_at_the_start():
    data = numbers()
    network = Sluice(SMALL, own_weight=0.7).build(fit_schemas(data), data.tasks, 0)
    wanted = torch.full((4, 4), 0.1).fill_diagonal_(0.7)
    torch.testing.assert_close(network.units["1"].alpha.detach().view(4, 4), wanted)
    assert torch.equal(network.stage_weights.beta.detach(), torch.full((2, 2), 0.5))


def test_owners():
    network, _ = built(Sluice(SMALL), numbers())
    stated = {id(owned.tensor): owned for owned in network.owners()}
    assert stated[id(network.units["1"].alpha)].axis is None
    assert stated[id(network.units["2"].alpha)].axis == 0
    assert stated[id(network.stage_weights.beta)].axis == 0


def test_networks_of_maps_pass_the_common_checks():
    check_architecture(Sluice(EvenCNN()), [images(20)])


@pytest.mark.parametrize("widths", [(4, 6), (3,)])
def test_stages_whose_channels_do_not_fit_are_refused(widths):
    data = numbers()
    got = ", ".join(map(str, widths))
    sentence = rf"`encoder` parameter of Sluice .* `n_subspaces`, 2\. Got stages of {got}"
    with pytest.raises(ParameterError, match=sentence):
        Sluice(MLP(widths)).build(fit_schemas(data), data.tasks, 0)
