"""Every method against its formula in plain loops, and worked examples by hand."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.merging import DARE, TIES, AdaMerging, TaskArithmetic, WeightAveraging

SHAPES = {"weight": (2, 3), "bias": (2,), "scalar": ()}
N_VALUES = 9


def states(rows):
    """Rows of nine numbers as states of three tensors, in float64."""
    return [
        {
            name: torch.tensor(row, dtype=torch.float64)[first : first + count].reshape(shape)
            for (name, shape), first, count in zip(
                SHAPES.items(), (0, 6, 8), (6, 2, 1), strict=True
            )
        }
        for row in rows
    ]


def flat(state):
    return [value for name in SHAPES for value in state[name].flatten().tolist()]


def average(start, tuned):
    return [sum(row[i] for row in tuned) / len(tuned) for i in range(N_VALUES)]


def arithmetic(start, tuned, scale):
    return [start[i] + scale * sum(row[i] - start[i] for row in tuned) for i in range(N_VALUES)]


def sign(value):
    return (value > 0) - (value < 0)


def ties(start, tuned, density, scale):
    trimmed = []
    for row in tuned:
        vector = [row[i] - start[i] for i in range(N_VALUES)]
        n_kept = max(1, round(density * N_VALUES))
        least = sorted((abs(value) for value in vector), reverse=True)[n_kept - 1]
        trimmed.append([value if abs(value) >= least else 0.0 for value in vector])
    masses = [sum(vector[i] for vector in trimmed) for i in range(N_VALUES)]
    majority = sign(sum(sign(mass) for mass in masses))
    merged = []
    for i in range(N_VALUES):
        elected = sign(masses[i]) or majority
        agreeing = [vector[i] for vector in trimmed if vector[i] and sign(vector[i]) == elected]
        update = sum(agreeing) / len(agreeing) if agreeing else 0.0
        merged.append(start[i] + scale * update)
    return merged


# Quarters add without rounding, so that ties and cancelling signs are met as often as they may.
NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)
ROWS = st.lists(st.lists(NUMBERS, min_size=N_VALUES, max_size=N_VALUES), min_size=2, max_size=5)


@given(ROWS, st.sampled_from([0.1, 0.3, 0.5, 1.0]), st.sampled_from([0.5, 1.0, 1.5]))
def test_methods_without_chance_follow_their_formulas(rows, density, scale):
    start, *tuned = states(rows)
    named = {f"task {i}": state for i, state in enumerate(tuned)}
    for method, wanted in (
        (WeightAveraging(), average(rows[0], rows[1:])),
        (TaskArithmetic(scale), arithmetic(rows[0], rows[1:], scale)),
        (TIES(density, scale), ties(rows[0], rows[1:], density, scale)),
    ):
        assert flat(method.merge(start, named)) == pytest.approx(wanted, abs=1e-12), method


def test_ties_by_hand():
    """Keep 2 of 4: a = (3, ., -2, .), b = (-1, ., -4, .), c = (-1, 6, ., .)."""
    start = {"w": torch.tensor([10.0, 10.0, 10.0, 10.0])}
    vectors = {"a": [3.0, 1.0, -2.0, 0.5], "b": [-1.0, 0.5, -4.0, 0.0], "c": [-1.0, 6.0, 0.5, 0.2]}
    tuned = {task: {"w": start["w"] + torch.tensor(vector)} for task, vector in vectors.items()}
    # signs by mass: 3 - 1 - 1 > 0, 6 > 0, -6 < 0, none; the majority is positive, of nothing
    merged = TIES(density=0.5, scale=1.0).merge(start, tuned)
    assert merged["w"].tolist() == [13.0, 16.0, 7.0, 10.0]
    assert TIES(density=0.5, scale=0.5).merge(start, tuned)["w"].tolist() == [11.5, 13.0, 8.5, 10.0]


def test_ties_gives_cancelling_entries_the_sign_of_the_majority():
    start = {"w": torch.zeros(3)}
    tuned = {"a": {"w": torch.tensor([2.0, 1.0, 3.0])}, "b": {"w": torch.tensor([-2.0, 1.0, 3.0])}}
    assert TIES(density=1.0).merge(start, tuned)["w"].tolist() == [2.0, 1.0, 3.0]
    tuned = {task: {"w": -state["w"]} for task, state in tuned.items()}
    assert TIES(density=1.0).merge(start, tuned)["w"].tolist() == [-2.0, -1.0, -3.0]


def test_ties_trims_over_all_tensors_together():
    start = {"large": torch.zeros(2), "small": torch.zeros(2)}
    tuned = {"a": {"large": torch.tensor([5.0, 4.0]), "small": torch.tensor([0.5, 0.4])}}
    merged = TIES(density=0.5).merge(start, tuned)
    assert merged["large"].tolist() == [5.0, 4.0]
    assert merged["small"].tolist() == [0.0, 0.0]


def test_dare_drops_at_its_rate_rescales_and_keeps_the_expectation():
    start = {"w": torch.zeros(20_000)}
    tuned = {"a": {"w": torch.ones(20_000)}}
    merged = DARE(0.8, TaskArithmetic(1.0)).merge(start, tuned, seed=3)["w"]
    assert set(merged.tolist()) == {0.0, 5.0}
    assert float((merged == 0).float().mean()) == pytest.approx(0.8, abs=0.01)
    assert float(merged.mean()) == pytest.approx(1.0, abs=0.05)


def test_dare_drops_each_task_for_itself_and_by_the_seed():
    start = {"w": torch.zeros(200)}
    tuned = {task: {"w": torch.full((200,), size)} for task, size in (("a", 1.0), ("b", 10.0))}
    method = DARE(0.5, TaskArithmetic(1.0))
    merged = method.merge(start, tuned, seed=0)["w"]
    assert set(merged.tolist()) == {0.0, 2.0, 20.0, 22.0}
    assert not torch.equal(merged, method.merge(start, tuned, seed=1)["w"])


def test_dare_without_dropping_is_the_method_in_it():
    generator = torch.Generator().manual_seed(0)
    start, *tuned = ({"w": torch.randn(50, generator=generator)} for _ in range(4))
    named = dict(zip("abc", tuned, strict=True))
    for method in (TaskArithmetic(0.3), TIES(0.4), WeightAveraging()):
        assert torch.equal(
            DARE(0.0, method).merge(start, named)["w"], method.merge(start, named)["w"]
        )


def gradient_descent_by_hand(rows, target, initial, steps, rate):
    """Adam on λ of every task and tensor, in plain loops, for the squared distance to a target."""
    start, *tuned = rows
    tensors = {"weight": range(6), "bias": range(6, 8), "scalar": range(8, 9)}
    keys = [(k, name) for k in range(len(tuned)) for name in tensors]
    value, first, second = (dict.fromkeys(keys, v) for v in (initial, 0.0, 0.0))

    def merged():
        result = list(start)
        for (k, name), coefficient in value.items():
            for i in tensors[name]:
                result[i] += coefficient * (tuned[k][i] - start[i])
        return result

    for step in range(1, steps + 1):
        at = merged()
        slopes = {
            (k, name): sum(
                2 * (at[i] - target[i]) * (tuned[k][i] - start[i]) for i in tensors[name]
            )
            for k, name in keys
        }
        for key, slope in slopes.items():
            first[key] = 0.9 * first[key] + 0.1 * slope
            second[key] = 0.999 * second[key] + 0.001 * slope**2
            size = (second[key] / (1 - 0.999**step)) ** 0.5 + 1e-8
            moved = value[key] - rate * first[key] / (1 - 0.9**step) / size
            value[key] = min(1.0, max(0.0, moved))
    return merged()


@pytest.mark.parametrize("seed", range(3))
def test_ada_merging_takes_projected_steps_of_adam(seed):
    drawn = random.Random(seed)
    rows = [[drawn.gauss(0, 1) for _ in range(N_VALUES)] for _ in range(4)]
    target = [drawn.gauss(0, 1) for _ in range(N_VALUES)]
    start, *tuned = states(rows)
    (wanted,) = states([target])

    def loss(state, step):
        return sum(((state[name] - wanted[name]) ** 2).sum() for name in wanted)

    method = AdaMerging(learning_rate=0.1, steps=12)
    merged = method.merge(start, dict(zip("abc", tuned, strict=True)), loss=loss)
    assert flat(merged) == pytest.approx(
        gradient_descent_by_hand(rows, target, 0.3, 12, 0.1), abs=1e-6
    )


def test_ada_merging_with_a_coefficient_per_task_moves_all_tensors_alike():
    start = {"u": torch.zeros(1), "v": torch.zeros(1)}
    tuned = {"a": {"u": torch.ones(1), "v": torch.full((1,), 2.0)}}

    def loss(state, step):
        return ((state["u"] - 0.8) ** 2).sum() + ((state["v"] - 0.2) ** 2).sum()

    together = AdaMerging("task", learning_rate=0.05, steps=200).merge(start, tuned, loss=loss)
    assert float(together["v"]) == pytest.approx(2 * float(together["u"]))
    apart = AdaMerging("tensor", learning_rate=0.05, steps=200).merge(start, tuned, loss=loss)
    assert float(apart["u"]) == pytest.approx(0.8, abs=0.01)
    assert float(apart["v"]) == pytest.approx(0.2, abs=0.01)


def test_ada_merging_gives_the_number_of_the_step_to_the_loss():
    seen = []

    def loss(state, step):
        seen.append(step)
        return state["w"].sum()

    start, tuned = {"w": torch.zeros(1)}, {"a": {"w": torch.ones(1)}}
    AdaMerging(steps=3).merge(start, tuned, loss=loss)
    assert seen == [0, 1, 2]


def test_scales_that_are_left_open_are_candidates():
    assert [m.scale for m in TaskArithmetic().candidates()] == [i / 10 for i in range(11)]
    assert TaskArithmetic(scale=0.3).candidates() == [TaskArithmetic(scale=0.3)]
    assert [m.scale for m in TIES().candidates()] == [i / 5 for i in range(11)]
    assert [m.method.scale for m in DARE(method=TIES(1.0)).candidates()] == [
        m.scale for m in TIES().candidates()
    ]
    assert list(WeightAveraging().candidates()) == [WeightAveraging()]
