"""Embeddings of numeric columns, and the entry that joins them."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from polytask._paths import Written, configured
from polytask._recipes import from_json, to_json
from polytask.architectures import HardSharing
from polytask.data import Part
from polytask.encoders import (
    MLP,
    CustomEncoder,
    NumericEmbedding,
    ResidualMLP,
    Standardized,
    TableEntry,
)
from polytask.exceptions import ParameterError

NUMBERS = Part("numeric", "numeric", (3,))
CODES = Part("categorical", "categorical", (2,), cardinalities=(4, 3))
PICTURE = Part("tensor:picture", "image", (1, 2, 2))
INPUTS = {
    "numeric": torch.arange(6.0).view(2, 3),
    "categorical": torch.tensor([[0, 1], [3, 2]], dtype=torch.int32),
    "tensor:picture": torch.ones(2, 1, 2, 2),
}


class Sum(nn.Module):
    width = 2

    def forward(self, numbers):
        return torch.stack([numbers, 10 * numbers], dim=-1)


@dataclass(frozen=True)
class Doubled(NumericEmbedding):
    """Every number beside ten times itself."""

    def build(self, part):
        del part
        return Sum()


def test_channels_are_those_of_the_vector():
    entry = TableEntry([NUMBERS, CODES, PICTURE], 5, Doubled())
    assert entry.channels == (2, 2, 2, 5, 5, 1, 1, 1, 1)
    values = entry(INPUTS).values
    assert values.shape == (2, entry.width) == (2, sum(entry.channels))
    assert values[1, :6].tolist() == [3, 30, 4, 40, 5, 50]
    assert values[:, -4:].tolist() == [[1.0] * 4] * 2


def test_standardized_numbers_stay_as_they_are():
    entry = TableEntry([NUMBERS], 8)
    assert entry(INPUTS).values is INPUTS["numeric"]
    apart = Standardized().build(NUMBERS)(INPUTS["numeric"])
    assert torch.equal(apart.squeeze(-1), INPUTS["numeric"])


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "encoder", [MLP, ResidualMLP, lambda **given: CustomEncoder(nn.Identity, **given)]
)
def test_an_embedding_may_be_named(encoder):
    assert encoder(numbers="standardized").numbers == Standardized() == encoder().numbers
    with pytest.raises(ParameterError, match=r"numeric embedding .*'standardised'.*standardized"):
        encoder(numbers="standardised")
    with pytest.raises(ParameterError, match=r"`numbers` parameter of .*NumericEmbedding.*Got 3"):
        encoder(numbers=3)


def test_the_default_is_left_out_of_json_and_others_return():
    assert "numbers" not in to_json(MLP())["parameters"]
    encoder = ResidualMLP(numbers=Doubled())
    assert from_json(to_json(encoder)) == encoder


def test_settings_name_an_embedding():
    recipe = configured(HardSharing(MLP(numbers=Doubled())), {"numbers": Written("standardized")})
    assert recipe == HardSharing()
