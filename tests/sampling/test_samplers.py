"""What each sampler promises beside the common check."""

import itertools
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.exceptions import ParameterError
from polytask.sampling import (
    AnnealedTemperature,
    Dynamic,
    MixedSampler,
    Proportional,
    RoundRobin,
    Temperature,
    Uniform,
)
from polytask.testing import check_sampler

SIZES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 30), min_size=1).filter(
    lambda sizes: any(sizes.values())
)
EVERY = [AnnealedTemperature, Dynamic, Proportional, RoundRobin, Temperature, Uniform]
MIXED = [cls for cls in EVERY if issubclass(cls, MixedSampler)]


def every(classes):
    return pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)


def started(sampler, sizes, batch_size, seed=0, n_steps=100, **process):
    sampler.start(sizes, batch_size, seed=seed, n_steps=n_steps, **process)
    return sampler


def rows_of(sampler, n_steps):
    return [{name: r.tolist() for name, r in sampler.rows(s).items()} for s in range(n_steps)]


# ── properties of all samplers ──────────────────────────────────────────────────────────────────


@every(EVERY)
@settings(max_examples=40)
@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 3))
def test_with_a_single_source_all_samplers_draw_the_same_rows(cls, n_rows, batch_size, seed):
    sampler = started(cls(), {"a": n_rows, "none": 0}, batch_size, seed)
    usual = started(Proportional(), {"a": n_rows}, batch_size, seed)
    n_steps = 2 * sampler.steps_per_epoch + 1
    assert rows_of(sampler, n_steps) == rows_of(usual, n_steps)
    assert sampler.share(0) == {"a": min(batch_size, n_rows)}
    assert sampler.fraction(0) == usual.fraction(0)


@every(EVERY)
@given(SIZES, st.integers(1, 40))
def test_epochs_have_equal_length_with_all_samplers(cls, sizes, batch_size):
    lengths = {
        started(sampler, sizes, batch_size).steps_per_epoch for sampler in (cls(), Proportional())
    }
    assert len(lengths) == 1


@every(EVERY)
@settings(max_examples=40)
@given(SIZES, st.integers(1, 40), st.integers(2, 4))
def test_processes_share_the_batch_of_one(cls, sizes, batch_size, size):
    whole = started(cls(), sizes, batch_size)
    processes = [started(cls(), sizes, batch_size, rank=rank, size=size) for rank in range(size)]
    for step in range(4):
        wanted = Counter((n, row) for n, rows in whole.rows(step).items() for row in rows.tolist())
        parts = [
            [(n, row) for n, rows in process.rows(step).items() for row in rows.tolist()]
            for process in processes
        ]
        assert Counter(itertools.chain(*parts)) == wanted
        lengths = [len(part) for part in parts if part]
        assert max(lengths) - min(lengths) <= 1
        assert min(lengths) > 1 or sum(lengths) == 1
        assert len(lengths) == size or sum(lengths) < 2 * size


@every(MIXED)
@given(SIZES, st.integers(1, 40))
def test_mixed_batches_are_full_and_close_to_their_shares(cls, sizes, batch_size):
    sampler = started(cls(), sizes, batch_size)
    for step in range(sampler.steps_per_epoch + 2):
        share, fraction = sampler.share(step), sampler.fraction(step)
        rows = sampler.rows(step)
        assert sum(map(len, rows.values())) == sampler.rows_in_step(step)
        assert sum(share.values()) == pytest.approx(sampler.batch_size)
        for name, expected in share.items():
            count = len(rows.get(name, ()))
            assert abs(count - expected * fraction[name]) < 1 + 1e-6
            assert expected <= sizes[name]


@every(MIXED)
def test_every_row_of_a_source_is_read_before_one_is_repeated(cls):
    sizes = {"a": 3, "b": 10, "c": 47}
    sampler = started(cls(), sizes, 12)
    seen = {name: [] for name in sizes}
    for step in range(40):
        for name, rows in sampler.rows(step).items():
            seen[name] += rows.tolist()
    for name, n_rows in sizes.items():
        rows = seen[name]
        passes = [set(rows[start : start + n_rows]) for start in range(0, len(rows), n_rows)]
        assert all(part == set(range(n_rows)) for part in passes[:-1])
        assert len(passes) > 3


@every(MIXED)
def test_steps_out_of_order_are_refused(cls):
    sampler = started(cls(), {"a": 5, "b": 9}, 4)
    sampler.rows(0)
    with pytest.raises(
        ParameterError, match=f"`step` parameter of {cls.__name__} must be 1, since"
    ):
        sampler.rows(0)


@every(EVERY)
@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"sizes": {"a": 0}}, "`sizes` parameter of .* one of them positive"),
        ({"batch_size": 0}, "`batch_size` parameter of .* must be an int"),
        ({"n_steps": 0}, "`n_steps` parameter of .* must be an int"),
        ({"size": 0}, "`size` parameter of .* must be an int"),
        ({"rank": 2, "size": 2}, r"`rank` parameter of .* must be an int in \[0, 1\]"),
    ],
)
def test_invalid_arguments_of_start(cls, arguments, sentence):
    good = {"sizes": {"a": 5}, "batch_size": 4, "seed": 0, "n_steps": 10}
    with pytest.raises(ParameterError, match=sentence):
        cls().start(**{**good, **arguments})


# ── single samplers ───────────────────────────────────────────────────────────────────────────────

SOURCES = {"small": 100, "large": 900}


@pytest.mark.parametrize(
    ("alpha", "wanted"), [(1.0, [4, 36]), (0.5, [10, 30]), (0.0, [20, 20]), (1, [4, 36])]
)
def test_temperature_lies_between_proportional_and_uniform(alpha, wanted):
    share = started(Temperature(alpha), SOURCES, 40).share(0)
    assert list(share.values()) == pytest.approx(wanted)


def test_a_small_source_gives_no_more_than_it_has():
    assert started(Uniform(), {"a": 3, "b": 500, "c": 500}, 43).share(0) == {
        "a": 3.0,
        "b": 20.0,
        "c": 20.0,
    }


@pytest.mark.parametrize(
    ("n_steps", "alphas"),
    [(75, [1.0, 0.6, 0.2, 0.2]), (51, [1.0, 0.6, 0.2]), (50, [1.0, 0.2]), (25, [1.0, 1.0])],
)
def test_annealing_goes_from_the_first_planned_epoch_to_the_last(n_steps, alphas):
    sampler = started(AnnealedTemperature(), SOURCES, 40, n_steps=n_steps)
    for epoch, alpha in enumerate(alphas):
        wanted = started(Temperature(alpha), SOURCES, 40).share(0)
        for step in (25 * epoch, 25 * epoch + 24):
            assert sampler.share(step) == pytest.approx(wanted)


def test_round_robin_takes_turns():
    sizes = {"a": 7, "b": 4, "c": 40}
    sampler = started(RoundRobin(), sizes, 5, seed=2)
    steps = [sampler.rows(step) for step in range(12)]
    assert all(len(rows) == 1 for rows in steps)
    names = [name for rows in steps for name in rows]
    assert set(names[:3]) == set(sizes)
    assert names == names[:3] * 4
    lengths = [len(rows["a"]) for rows in steps if "a" in rows]
    assert lengths == [5, 2, 5, 2]
    assert [len(rows["b"]) for rows in steps if "b" in rows] == [4] * 4
    assert sampler.share(0) == pytest.approx({"a": 5 / 3, "b": 4 / 3, "c": 5 / 3})
    fractions = [sampler.fraction(step) for step in range(6)]
    assert [f["a"] for f in fractions if f["a"]] == pytest.approx([3.0, 3 * 2 / 5])
    assert sorted(fractions[0].values())[:2] == [0.0, 0.0]


def test_the_first_source_of_a_round_robin_depends_on_the_seed():
    first = {next(iter(started(RoundRobin(), SOURCES, 8, seed).rows(0))) for seed in range(20)}
    assert first == set(SOURCES)


def test_dynamic_sampling_is_proportional_before_the_first_losses():
    sampler = started(Dynamic(), SOURCES, 40)
    assert sampler.share(0) == pytest.approx({"small": 4.0, "large": 36.0})


def share_after(losses, epochs=1, **settings):
    """The shares of the epoch after some evaluations."""
    sampler = started(Dynamic(**settings), SOURCES, 40)
    sampler.share(0)
    for latest in losses:
        sampler.end_epoch(latest)
    assert sampler.share(24) == pytest.approx({"small": 4.0, "large": 36.0})  # from the next epoch
    return sampler.share(25 * epochs)


def losses(small, large):
    return {"small": {"s": small}, "large": {"l": large}}


def test_dynamic_sampling_follows_what_is_left_of_the_first_losses():
    assert share_after([losses(5.0, 0.1)], floor=0.1) == pytest.approx({"small": 20, "large": 20})
    share = share_after([losses(5.0, 0.1), losses(1.0, 0.06)], floor=0.1)
    assert share == pytest.approx({"small": 40 * (0.9 * 0.25 + 0.05), "large": 40 * 0.725})


def test_dynamic_sampling_follows_the_gap_to_goals():
    evaluations = [losses(4.0, 4.0), losses(3.0, 2.0)]
    share = share_after(evaluations, floor=0.2, goals={"s": 2.5, "l": 2.5})
    assert share == pytest.approx({"small": 36, "large": 4})
    share = share_after(evaluations, floor=0.2, goals={"s": 3.0, "l": 2.0})
    assert share == pytest.approx({"small": 4, "large": 36})  # all are reached: proportional


def test_a_task_in_two_sources_counts_in_both():
    evaluations = [{"small": {"s": 1.0, "both": 2.0}, "large": {"both": 2.0}}] * 2
    evaluations[1] = {"small": {"s": 0.2, "both": 2.0}, "large": {"both": 2.0}}
    share = share_after(evaluations, floor=1e-9)
    assert share == pytest.approx({"small": 40 * 0.6 / 1.6, "large": 40 / 1.6})


def test_sources_without_validation_labels_have_the_mean_gap():
    sampler = started(Dynamic(floor=1e-9), {"a": 50, "b": 50, "c": 50}, 30)
    sampler.end_epoch({"a": {"x": 1.0}, "b": {"y": 1.0}, "c": {}})
    sampler.end_epoch({"a": {"x": 0.5}, "b": {"y": 0.1}, "unknown": {"z": 3.0}})
    assert sampler.share(0) == pytest.approx({"a": 30 * 0.5 / 0.9, "b": 30 * 0.1 / 0.9, "c": 10})


@pytest.mark.parametrize("bad", [float("inf"), float("nan"), -float("inf")])
def test_a_loss_that_is_not_finite_is_the_largest_gap(bad):
    sampler = started(Dynamic(floor=0.1), SOURCES, 40)
    sampler.end_epoch(losses(bad, 1.0))
    assert sampler.share(0) == pytest.approx({"small": 38, "large": 2}, abs=1e-3)
    sampler.end_epoch(losses(3.0, 1.0))
    assert sampler.share(25) == pytest.approx({"small": 20, "large": 20})


# ── users' samplers ────────────────────────────────────────────────────────────────────────


@dataclass
class Given(MixedSampler):
    values: tuple[float, ...] = (1.0, 3.0)

    def proportions(self, epoch):
        del epoch
        return dict(zip(self.sizes, self.values, strict=False))


def test_a_users_sampler_passes_the_check():
    check_sampler(Given(), [({"a": 20, "b": 30}, 8)])


@pytest.mark.parametrize("values", [(1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, float("nan"))])
def test_proportions_must_be_positive(values):
    sampler = started(Given(values), {"a": 20, "b": 30}, 8)
    with pytest.raises(ParameterError, match="`proportions` parameter of Given must be positive"):
        sampler.share(0)
