from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from polytask.evaluation import grid

SPACE = {"learning_rate": (1e-3, 3e-4, 3e-3), "weight_decay": (0.0, 1e-4)}


def test_defaults_first_then_one_setting_at_a_time():
    assert [tuple(point.values()) for point in grid(SPACE, 9)] == [
        (1e-3, 0.0),
        (3e-4, 0.0),
        (3e-3, 0.0),
        (1e-3, 1e-4),
        (3e-4, 1e-4),
        (3e-3, 1e-4),
    ]


@given(st.lists(st.integers(1, 4), max_size=4), st.integers(1, 30))
def test_more_trials_go_on_where_fewer_stopped(sizes, trials):
    space = {str(place): tuple(range(size)) for place, size in enumerate(sizes)}
    everything = grid(space, 10_000)
    assert {tuple(point.values()) for point in everything} == set(product(*space.values()))
    assert grid(space, trials) == everything[:trials]
    assert not any(everything[0].values())


def test_a_learner_without_settings_has_one_point():
    assert grid({}, 5) == [{}]
