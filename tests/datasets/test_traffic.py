import numpy as np
import pytest

from polytask.datasets import make_traffic
from polytask.exceptions import ParameterError


def test_traffic_is_its_seasons_and_noise():
    table, truth = make_traffic(5, 20, relatedness=1.0, noise=0.5)
    common = truth.seasons @ truth.shares
    common = (common - common.mean(axis=0)) / common.std(axis=0)
    np.testing.assert_allclose(truth.expected, np.tile(common, (20, 1)))
    rest = table.select(r"^sensor_\d$").to_numpy() - truth.expected
    assert rest.std() == pytest.approx(0.5, abs=0.01)
    assert (table["weekday"].head(25).to_list(), table["hour"][25]) == ([0] * 24 + [1], 1)


@pytest.mark.parametrize("relatedness", [0.0, 0.5])
def test_share_of_seasons_in_common(relatedness):
    _, truth = make_traffic(40, 1, relatedness=relatedness)
    _, common = make_traffic(40, 1, relatedness=1.0)
    alike = (truth.expected * common.expected).mean(axis=0)
    assert alike.mean() == pytest.approx(np.sqrt(relatedness), abs=0.1)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "bad", [{"n_sensors": 0}, {"n_weeks": 0}, {"relatedness": 1.5}, {"noise": -1.0}]
)
def test_arguments_are_checked(bad):
    (name,) = bad
    with pytest.raises(ParameterError, match=f"The `{name}` parameter of make_traffic"):
        make_traffic(**bad)
