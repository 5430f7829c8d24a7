import numpy as np
import pytest

from polytask.datasets import fetch_sarcos


@pytest.fixture(scope="module")
def sarcos(polytask_data):
    return fetch_sarcos()


def test_seven_torques_of_21_inputs(sarcos):
    (source,) = sarcos.dataset.sources
    assert source.inputs.shape == (4449, 21)
    assert source.inputs.columns[::7] == ["position_1", "velocity_1", "acceleration_1"]
    assert sarcos.dataset.tasks.names == sarcos.info.tasks
    assert {task.known_kind.name for task in sarcos.dataset.tasks} == {"regression"}


def test_columns_carry_the_right_names(sarcos):
    """A joint's acceleration varies more than its velocity, and that more than its position."""
    spread = sarcos.dataset.sources[0].inputs.to_numpy().std(axis=0).reshape(3, 7)
    assert (np.diff(spread, axis=0) > 0).all()
    torques = sarcos.dataset.sources[0].labels.frame
    assert torques["torque_1"].std() > torques["torque_7"].std()
    assert torques.null_count().sum_horizontal().item() == 0


def test_a_fifth_is_drawn_for_test_and_validation_by_seed(sarcos):
    first, again, other = (sarcos.split.splits(sarcos.dataset, seed)[0] for seed in (0, 0, 1))
    assert first.digest() == again.digest() != other.digest()
    name = sarcos.dataset.sources[0].name
    assert len(first.test[name]) == pytest.approx(890, abs=1)
    assert len(first.validation[name]) == pytest.approx(890, abs=1)
