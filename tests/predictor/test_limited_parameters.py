"""A network of more parameters than were saved is refused before its memory is filled."""

import pytest
import torch

from polytask.architectures import HyperNetworkHeads, ParetoHyperNetwork
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.predictor._weights import limit_parameters
from polytask.testing import tiny_dataset


@pytest.mark.parametrize(
    "recipe",
    [ParetoHyperNetwork(MLP((300, 300)), hidden=60), HyperNetworkHeads(MLP((2000,)), hidden=300)],
    ids=lambda recipe: recipe.name,
)
def test_generated_weights_are_counted_before_they_are_drawn(recipe, monkeypatch):
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    filled = []
    uniform = torch.Tensor.uniform_

    def counting(tensor, *bounds, **options):
        filled.append(tensor.numel())
        return uniform(tensor, *bounds, **options)

    monkeypatch.setattr(torch.Tensor, "uniform_", counting)
    with pytest.raises(ValueError, match="more parameters than"), limit_parameters(20_000):
        recipe.build(schemas, data.tasks, 0)
    assert filled
    assert sum(filled) < 16 * 20_000 + 2**16
