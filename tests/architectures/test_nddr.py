"""NDDR: projections of the joined features of all towers."""

import pytest
import torch
from fused_towers import SmallCNN, built, images, numbers, scores_of, tower
from torch import nn

from polytask.architectures import NDDR
from polytask.data import fit_schemas
from polytask.encoders import MLP, State, mean_pool
from polytask.testing import check_architecture, tiny_dataset

SMALL = MLP((5, 4), activation="tanh")


def norm_of(unit, k, n_axes):
    """The k-th task's normalisation as a module of torch."""
    channels = unit.projection.shape[1]
    if unit.normalization is None:
        return nn.Identity()
    if unit.normalization == "layer":
        norm = nn.LayerNorm(channels)
    else:
        norm = nn.BatchNorm1d(channels) if n_axes == 2 else nn.BatchNorm2d(channels)
    with torch.no_grad():
        norm.weight.copy_(unit.scale[k])
        norm.bias.copy_(unit.shift[k])
    return norm.train(unit.training)


def projected(unit, features):
    """The paper's layer, one task after the other: joined channels, a 1 × 1 convolution, a norm."""
    joined = torch.cat(features, dim=1)
    fused = []
    for k in range(len(features)):
        matrix = unit.projection[k].flatten(1)
        norm = norm_of(unit, k, joined.ndim)
        if joined.ndim == 2:
            fused.append(norm(joined @ matrix.T).relu())
            continue
        values = nn.functional.conv2d(joined, matrix[:, :, None, None])
        if isinstance(norm, nn.LayerNorm):
            fused.append(norm(values.movedim(1, -1)).movedim(-1, 1).relu())
        else:
            fused.append(norm(values).relu())
    return fused


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize(("encoder", "data"), [(SMALL, numbers()), (SmallCNN(), images())])
def test_towers_are_fused_as_in_the_paper(encoder, data, normalization, training):
    network, batch = built(NDDR(encoder, normalization=normalization), data)
    network.train(training)
    entered = network.inputs(batch)["table"].values
    features = [entered, entered]
    towers = [tower(network, encoder, k) for k in range(2)]
    for stage in range(2):
        features = [towers[k][stage](features[k]) for k in range(2)]
        features = projected(network.units[str(stage + 1)], features)
    wanted = scores_of(network, [mean_pool(State(values)) for values in features])
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, wanted)


def test_statistics_are_those_of_batch_normalisation():
    network, batch = built(NDDR(MLP((4,)), normalization="batch"), numbers())
    network.train()
    unit, entered = network.units["1"], network.inputs(batch)["table"].values
    layers = nn.BatchNorm1d(4)
    joined = torch.cat([tower(network, MLP((4,)), k)[0](entered) for k in range(2)], dim=1)
    layers(joined @ unit.projection[1].flatten(1).T)
    network(batch)
    torch.testing.assert_close(unit.running_mean[1], layers.running_mean)
    torch.testing.assert_close(unit.running_var[1], layers.running_var)


def test_projections_at_the_start():
    data = numbers()
    recipe = NDDR(MLP((3,)), own_weight=0.8, initializer="orthogonal")
    unit = recipe.build(fit_schemas(data), data.tasks, 0).units["1"]
    for k in range(2):
        torch.testing.assert_close(unit.projection[k, :, k].detach(), 0.8 * torch.eye(3))
        torch.testing.assert_close(unit.projection[k, :, 1 - k].detach(), 0.2 * torch.eye(3))
    assert torch.equal(unit.scale.detach(), torch.ones(2, 3))


def test_batch_normalisation_passes_the_common_checks():
    data = [tiny_dataset(["regression"] * 2, n_rows=30, own_tables=True), images(20)]
    check_architecture(NDDR(MLP((4,)), normalization="batch"), data[:1])
    check_architecture(NDDR(SmallCNN(), normalization="batch", stages=(1,)), data[1:])
