"""Cross layers beside plain loops and another library's values; what a stage carries."""

import math

import pytest
import torch
from torch import nn

from polytask.encoders import DCN
from polytask.exceptions import ParameterError


def filled(recipe, width):
    """The stages as one module; the k-th tensor is sin(k), sin(k + 1), …, halved."""
    network = nn.Sequential(*recipe.stages((width,)))
    with torch.no_grad():
        for k, parameter in enumerate(network.parameters()):
            wave = torch.sin(torch.arange(float(parameter.numel())) + k) / 2
            parameter.copy_(wave.view(parameter.shape))
    return network.eval()


def cosines(n_rows, width):
    return torch.cos(torch.arange(float(n_rows * width))).view(n_rows, width)


def product(weight, vector, bias=None):
    """A matrix times a vector, number by number."""
    sums = [sum(w * v for w, v in zip(row, vector, strict=True)) for row in weight.tolist()]
    return sums if bias is None else [s + b for s, b in zip(sums, bias.tolist(), strict=True)]


def crossed(origin, features, slopes):
    return [o * s + x for o, x, s in zip(origin, features, slopes, strict=True)]


def rectified(values):
    return [max(value, 0.0) for value in values]


@pytest.mark.parametrize("widths", [(), (3,), (3, 5, 2)], ids=str)
def test_parallel_by_hand(widths):
    network = filled(DCN(2, widths=widths), 4)
    rows = cosines(3, 4)
    for row, got in zip(rows.tolist(), network(rows).tolist(), strict=True):
        features, deep = row, row
        for stage in network:
            if stage.cross is not None:
                slopes = product(stage.cross.weight, features, stage.cross.bias)
                features = crossed(row, features, slopes)
            if stage.layer is not None:
                linear = stage.layer[0]
                deep = rectified(product(linear.weight, deep, linear.bias))
        wanted = features + deep if widths else features
        assert got == pytest.approx(wanted, abs=1e-5)


def test_stacked_low_rank_by_hand():
    network = filled(DCN(2, rank=2, structure="stacked", widths=(3,)), 4)
    rows = cosines(3, 4)
    for row, got in zip(rows.tolist(), network(rows).tolist(), strict=True):
        features = row
        for stage in network[:2]:
            down, up = stage.cross
            slopes = product(up.weight, product(down.weight, features), up.bias)
            features = crossed(row, features, slopes)
        linear = network[2][0]
        assert got == pytest.approx(
            rectified(product(linear.weight, features, linear.bias)), abs=1e-5
        )


def test_a_mixture_by_hand():
    network = filled(DCN(1, rank=2, n_experts=3, widths=()), 4)
    mixture = network[0].cross
    rows = cosines(3, 4)
    for row, got in zip(rows.tolist(), network(rows).tolist(), strict=True):
        powers = [math.exp(gate) for gate in product(mixture.gates.weight, row)]
        wanted = list(row)
        for i, power in enumerate(powers):
            own = slice(2 * i, 2 * i + 2)
            low = [math.tanh(v) for v in product(mixture.down.weight[own], row)]
            low = [math.tanh(v) for v in product(mixture.within[i].weight, low)]
            slopes = product(mixture.up.weight[:, own], low, mixture.up.bias)
            gate = power / sum(powers)
            wanted = [w + gate * o * s for w, o, s in zip(wanted, row, slopes, strict=True)]
        assert got == pytest.approx(wanted, abs=1e-5)


def test_values_of_torchrec():
    """Of commit a48cef7: CrossNet(4, 2) with the same weights, and
    LowRankMixtureCrossNet(4, 2, num_experts=2, low_rank=3, activation=torch.tanh), whose layers
    share their gates.
    """
    rows = cosines(2, 4)
    full = [
        [2.4427865, -0.2066912, -0.6436422, -0.6845575],
        [-0.5881317, 0.5581202, 0.0167334, 0.2567323],
    ]
    torch.testing.assert_close(filled(DCN(2, widths=()), 4)(rows), torch.tensor(full))
    network = filled(DCN(2, rank=3, n_experts=2, widths=()), 4)
    network[1].cross.gates = network[0].cross.gates
    mixed = [
        [0.0137491, 0.3155363, -0.6367028, -1.9616804],
        [-0.0117577, 0.1695170, 1.4900668, 1.5152899],
    ]
    torch.testing.assert_close(network(rows), torch.tensor(mixed), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("structure", ["parallel", "stacked"])
def test_widths_of_the_stages(structure):
    network = filled(DCN(3, structure=structure, widths=(5, 6)), 4)
    rows, widths = cosines(2, 4), []
    for stage in network:
        rows = stage(rows)
        widths.append(rows.shape[1])
    assert widths == ([13, 14, 10] if structure == "parallel" else [8, 8, 4, 5, 6])


def test_features_of_one_column_are_polynomials():
    """After l cross layers the differences of order l + 2 vanish."""
    network = filled(DCN(3, widths=()), 1).double()
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.5)
    values = network(torch.linspace(-1, 1, 12, dtype=torch.float64).unsqueeze(1)).flatten()
    for _ in range(4):
        values = values.diff()
    assert values.abs().max() > 1e-8
    assert values.diff().abs().max() < 1e-12


def test_a_rank_is_at_most_the_width():
    assert DCN(1, rank=100, widths=()).stages((4,))[0].cross[0].out_features == 4


def test_several_experts_need_a_rank():
    with pytest.raises(ParameterError, match=r"`n_experts` parameter of DCN .*Got 4 instead; give"):
        DCN(n_experts=4)
