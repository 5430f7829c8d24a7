"""Values that training rows never held: predictions stay finite and follow learned weights alone."""

import numpy as np
import polars as pl
import pytest

import polytask
from polytask.architectures import HardSharing
from polytask.encoders import DCN, MLP, FTTransformer, PackedMLP, ResidualMLP, TabM
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

ENCODERS = [
    MLP((6,)),
    MLP((6,), numbers="periodic"),
    TabM(2, (6,), numbers="standardized"),
    PackedMLP(2, (6,)),
    PackedMLP(2, (6,), numbers="bin_coordinates"),
    DCN(widths=(6,)),
    FTTransformer(8, depth=1),
    ResidualMLP(8, depth=1),
]


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    x = generator.normal(size=60)
    return pl.DataFrame({"x": x, "same": [3.7] * 60, "flag": [False] * 60, "y": x, "z": -x})


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
def test_predictions_of_values_beyond_training(encoder, table):
    data = polytask.read(table, ["y", "z"])
    model = polytask.fit(data, MultiTaskNetwork(HardSharing(encoder), Trainer(steps=5)))
    for value in (1e300, -1.7e308):
        far = model.predict(table.with_columns(x=pl.lit(value)))
        assert all(np.isfinite(far[task].response).all() for task in far)
    usual = model.predict(table)
    other = model.predict(table.with_columns(same=pl.lit(1e6), flag=pl.lit(value=True)))
    for task in usual:
        np.testing.assert_array_equal(other[task].response, usual[task].response)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
def test_cells_of_one_value_keep_it(encoder, shape, missing):
    generator = np.random.default_rng(0)
    cells = generator.normal(size=(60, 6))
    cells[:, [0, 3, 4]] = 3.0, -1.0, 0.25
    if missing:
        cells[:5] = np.nan
    table = {"t": cells.reshape(-1, *shape), "y": generator.normal(size=60)}
    data = polytask.read(table, ["y"])
    learner = MultiTaskNetwork(HardSharing(encoder), Trainer(steps=5))
    model = polytask.fit(data, learner, validation=data)
    other = cells.copy()
    other[:, [0, 3, 4]] += np.where(np.isnan(other[:, :1]), np.nan, generator.normal(size=(60, 3)))
    usual = model.predict({"t": table["t"]})["y"].response
    changed = model.predict({"t": other.reshape(-1, *shape)})["y"].response
    np.testing.assert_array_equal(changed, usual)
    assert np.ptp(usual[5:]) > 0.0
