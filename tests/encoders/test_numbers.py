"""Embeddings of numeric columns, and the entry that joins them."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import polytask
from polytask._paths import Written, configured
from polytask._recipes import from_json, to_json
from polytask.architectures import HardSharing
from polytask.data import Part, fit_schemas
from polytask.encoders import (
    MLP,
    BinCoordinates,
    CustomEncoder,
    NumericEmbedding,
    Periodic,
    PiecewiseLinear,
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


# ── piecewise linear functions ────────────────────────────────────────────────
EDGES = ((-1.0, 0.0, 0.25, 2.0), (0.0, 1.0), (), (-0.5, 0.5, 3.0))
BINNED = Part("numeric", "numeric", (4,), (), EDGES, (4, 2, 0, 5))


def coordinate(x, edges, t):
    """The formula of the docstring."""
    value = (x - edges[t]) / (edges[t + 1] - edges[t])
    low = -3.0 if t == 0 else 0.0
    high = 4.0 if t == len(edges) - 2 else 1.0
    return min(max(value, low), high)


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4), min_size=1, max_size=5
    )
)
def test_vectors_are_those_of_the_formula(rows):
    torch.manual_seed(0)
    module = PiecewiseLinear(4, width=3).build(BINNED)
    torch.nn.init.normal_(module.offsets)
    vectors = module(torch.tensor(rows))
    steps, offsets = module.steps.detach(), module.offsets.detach()
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            wanted = offsets[j, 0].clone()
            for t in range(len(EDGES[j]) - 1):
                wanted += coordinate(x, EDGES[j], t) * steps[j, t]
            torch.testing.assert_close(vectors[i, j].detach(), wanted, rtol=1e-4, atol=1e-4)


def test_functions_are_continuous_and_coordinates_never_fall():
    torch.manual_seed(0)
    module = PiecewiseLinear(4).build(BINNED)
    grid = torch.linspace(-6, 9, 3001).unsqueeze(1).expand(-1, 4).contiguous()
    assert module.coordinates(grid).diff(dim=1).min() >= 0
    steepest = 15 / 3000 * module.steps.abs().max() / 0.25
    with torch.no_grad():
        assert module(grid).diff(dim=0).abs().max() <= steepest + 1e-5


def test_rows_in_chunks_are_embedded_alike():
    module = PiecewiseLinear(4).build(BINNED)
    rows = torch.randn(1500, 4)
    with torch.no_grad():
        together = module(rows)
    torch.testing.assert_close(together, module(rows).detach())


def test_columns_of_one_bin_are_numbers_after_the_vectors():
    entry = TableEntry([BINNED, CODES], 5, PiecewiseLinear(4, width=3))
    assert entry.channels == (3, 3, 1, 1, 5, 5)
    assert entry.width == 18
    rows = torch.tensor([[0.0, 0.0, 7.0, 0.0], [0.0, 1.0, -7.0, 0.0], [0.0, 99.0, 0.0, 0.0]])
    values = entry({"numeric": rows, "categorical": torch.zeros(3, 2, dtype=torch.int32)}).values
    assert values[:, 6:8].tolist() == [[0.0, 0.0], [1.0, 0.0], [4.0, 0.0]]


def test_only_columns_of_one_bin():
    part = Part("numeric", "numeric", (2,), (), ((0.0, 2.0), ()), (2, 0))
    entry = TableEntry([part], 8, PiecewiseLinear())
    assert entry.channels == (1, 1)
    assert entry({"numeric": torch.ones(1, 2)}).values.tolist() == [[0.5, 0.0]]


@pytest.mark.parametrize(("n_columns", "width"), [(64, 8), (65, 4)])
def test_vectors_of_many_columns_are_shorter(n_columns, width):
    edges = ((0.0, 1.0, 2.0),) * n_columns + ((0.0, 1.0),) * 9
    part = Part("numeric", "numeric", (len(edges),), (), edges, tuple(map(len, edges)))
    assert TableEntry([part], 8, PiecewiseLinear()).channels == (width,) * n_columns + (1,) * 9
    given = TableEntry([part], 8, PiecewiseLinear(width=3))
    assert given.channels == (3,) * n_columns + (1,) * 9


def test_outliers_stay_finite():
    module = PiecewiseLinear(4).build(BINNED)
    largest = torch.finfo().max
    rows = torch.tensor([[largest] * 4, [-largest] * 4])
    assert module(rows).isfinite().all()


# ── coordinates in bins ───────────────────────────────────────────────────────
MEANS = ((0.9, 0.5, 0.2), (0.25,), (), (0.5, 0.125))
CENTERED = replace(BINNED, means=MEANS)


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, width=32), min_size=4, max_size=4), min_size=1, max_size=5
    )
)
def test_coordinates_are_those_of_the_formula(rows):
    module = BinCoordinates(4).build(CENTERED)
    vectors = module(torch.tensor(rows))
    assert vectors.shape == (len(rows), 4, module.width) == (len(rows), 4, 4)
    wanted = torch.zeros_like(vectors)
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            n_bins = max(0, len(EDGES[j]) - 1)
            for t in range(n_bins):
                wanted[i, j, t] = coordinate(x, EDGES[j], t) - MEANS[j][t]
    torch.testing.assert_close(vectors, wanted, rtol=1e-4, atol=1e-4)


def test_the_vector_of_a_row_leaves_absent_bins_out():
    entry = TableEntry([CENTERED, CODES], 5, BinCoordinates(4))
    assert entry.channels == (3, 1, 1, 4, 5, 5)
    assert not list(entry.numbers.parameters())
    rows = torch.randn(6, 4)
    vectors = BinCoordinates(4).build(CENTERED)(rows)
    values = entry({"numeric": rows, "categorical": torch.zeros(6, 2, dtype=torch.int32)}).values
    own = [vectors[:, j, :size] for j, size in enumerate((3, 1, 1, 4))]
    torch.testing.assert_close(values[:, :9], torch.cat(own, dim=1))


@pytest.mark.parametrize("by", ["atoms", "quantiles"])
def test_coordinates_of_training_rows_have_mean_zero(by):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 3)) ** 3
    x[:200, 1], x[:, 2] = 0.0, x[:, 2] > 1
    table = {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": x.sum(axis=1)}
    data = polytask.read(pl.DataFrame(table), ["y"])
    (source,), numbers = data.sources, BinCoordinates(8, by=by)
    schema = fit_schemas(data, numbers.bins)[source.name]
    entry = TableEntry(schema.parts, 8, numbers)
    values = entry({"numeric": torch.from_numpy(schema.encode(source)["numeric"])}).values
    assert values.std(dim=0).min() > 0
    torch.testing.assert_close(values.mean(dim=0), torch.zeros(entry.width), rtol=0, atol=1e-5)


# ── sines and cosines ─────────────────────────────────────────────────────────
@pytest.mark.parametrize("lite", [False, True])
def test_periodic_vectors_are_those_of_the_formula(lite):
    torch.manual_seed(0)
    module = Periodic(5, sigma=0.7, width=3, lite=lite).build(NUMBERS)
    rows = torch.randn(4, 3)
    vectors = module(rows)
    assert vectors.shape == (4, 3, 3)
    for j in range(3):
        angles = 2 * torch.pi * rows[:, j, None] * module.frequencies[j]
        layer = 0 if lite else j
        waves = torch.cat([angles.cos(), angles.sin()], dim=1)
        wanted = torch.relu(waves @ module.steps[layer] + module.offsets[layer])
        torch.testing.assert_close(vectors[:, j], wanted)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: PiecewiseLinear(1), r"`n_bins` .*PiecewiseLinear must be an int in \[2, inf\)"),
        (lambda: PiecewiseLinear(by="tree"), r"`by` parameter of PiecewiseLinear .*'trees'"),
        (lambda: BinCoordinates(1), r"`n_bins` parameter of BinCoordinates must be an int in"),
        (lambda: BinCoordinates(by="trees"), r"`by` parameter of BinCoordinates .*'atoms'"),
        (lambda: BinCoordinates().build(NUMBERS), r"cannot be BinCoordinates .* without bins"),
        (lambda: Periodic(sigma=0.0), r"`sigma` parameter of Periodic .*\(0"),
    ],
)
def test_bad_settings_are_refused(made, sentence):
    with pytest.raises(ParameterError, match=sentence):
        made()


def test_settings_inside_an_embedding():
    values = {"numbers": Written("piecewise_linear"), "encoder.numbers.n_bins": Written("16")}
    assert configured(HardSharing(), values).encoder.numbers == PiecewiseLinear(16)


def test_a_name_that_is_near_is_suggested():
    sentence = r"numbers` parameter of MLP .*no numeric embedding named 'piecewise'.*_linear"
    with pytest.raises(ParameterError, match=sentence):
        configured(HardSharing(), {"numbers": Written("piecewise")})
