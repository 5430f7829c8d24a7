"""The learner that decides while it trains what tasks share."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import polytask
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.cli._learners import named_learner
from polytask.data import read
from polytask.datasets import make_clustered_tasks, make_conflicting_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.report._sharing_section import sharing_section
from polytask.search import Adaptive, SharingRecord
from polytask.search._ratio_of_sharing import affinity_of, grouped, mixing, ratio_of
from polytask.search._sharing_state import Hysteresis, SharingState
from polytask.tasks import Task, TaskSet
from polytask.testing import (
    check_learner,
    check_parameters_reject_bad_values,
    check_recipe_round_trip,
)
from polytask.training import Trainer

NETWORK = HardSharing(MLP((8,)))
ADAPTIVE = Adaptive(NETWORK)


@pytest.fixture(scope="module")
def data():
    made, _ = make_clustered_tasks(2, 2, 120, 6, own_rows=True, seed=0)
    return made


@pytest.fixture(scope="module")
def fitted(data):
    return ADAPTIVE.fit(data, data, 0, Budget(steps=60), progress=False)


# ── from affinities to sharing ────────────────────────────────────────────────────────────────


def test_affinities_are_relative_to_what_explains_a_task_best_and_keep_their_sign():
    explained = np.array([[9.0, 0.4, -0.4], [0.3, 9.0, 0.0], [-0.6, 0.0, 9.0]])
    affinity = affinity_of(explained, np.array([0.5, 0.3, 0.6]), np.full(3, 1e12))
    assert affinity[0, 1] == pytest.approx((0.4 / 0.5 + 0.3 / 0.3) / 2)
    assert affinity[0, 2] == pytest.approx((-0.4 / 0.5 - 0.6 / 0.6) / 2)
    assert affinity[1, 2] == 0
    assert np.array_equal(affinity, affinity.T, equal_nan=True)


def test_correlations_within_chance_make_no_affinity():
    explained = np.array([[9.0, 0.1], [0.18, 9.0]])
    assert affinity_of(explained, np.array([0.2, 0.2]), np.full(2, 100.0))[0, 1] == 0
    assert affinity_of(explained, np.array([0.2, 0.2]), np.full(2, 1000.0))[0, 1] > 0.6


def test_a_pair_begins_to_share_at_the_upper_threshold_and_ends_at_the_lower():
    def groups_of(affinity, now):
        matrix = np.array([[np.nan, affinity], [affinity, np.nan]])
        return grouped(matrix, np.array(now), 0.3, 0.6).tolist()

    apart, together = [0, 1], [0, 0]
    assert [groups_of(a, apart) for a in (0.59, 0.61)] == [apart, together]
    assert [groups_of(a, together) for a in (0.31, 0.29)] == [together, apart]
    assert groups_of(np.nan, together) == apart


def test_the_ratio_grows_with_the_affinity_within_groups_and_is_0_between_them():
    rising = np.linspace(-1, 1, 9)
    ratios = [
        ratio_of(np.array([[np.nan, a], [a, np.nan]]), np.zeros(2), 0.4)[0, 1] for a in rising
    ]
    assert (np.diff(ratios) >= 0).all()
    assert ratios[0] == 0
    assert ratios[-1] == 1
    assert not ratio_of(np.full((2, 2), 0.9), np.arange(2), 0.4).any()


def test_the_pull_minimises_distance_moved_and_differences_of_pairs():
    generator = np.random.default_rng(0)
    ratio = generator.random((4, 4))
    ratio = (ratio + ratio.T) * (1 - np.eye(4))
    weights, step, alpha = generator.standard_normal((4, 3)), 0.1, 2.0
    moved = mixing(ratio, alpha, step) @ weights
    pull = step * alpha * (ratio[:, :, None] * (moved[:, None] - moved[None])).sum(axis=1)
    assert np.allclose(moved - weights + pull, 0)


def _state(looks=2):
    tasks = TaskSet([Task("a", "regression"), Task("b", "regression")])
    return SharingState(tasks, Hysteresis(0.2, 0.4, looks))


def test_groups_change_only_after_several_evaluations_that_agree():
    state, alike = _state(looks=3), torch.tensor([[0.0, 0.5], [0.5, 0.0]])
    seen = []
    for explained in (alike, alike, -alike, alike, alike, alike):
        better = torch.ones(2, dtype=torch.bool)
        state.learn(explained, torch.full((2,), 1e6), torch.full((2,), 0.5), better)
        seen.append(state.groups.tolist())
    assert seen[:5] == [[0, 1]] * 5
    assert seen[5] == [0, 0]
    assert state.ratio[0, 1] > 0


def test_a_correlation_that_is_unknown_once_is_learned_later_and_not_forgotten_again():
    state, better = _state(), torch.ones(2, dtype=torch.bool)
    known, unknown = torch.tensor([[0.0, 0.5], [0.4, 0.0]]), torch.full((2, 2), torch.nan)
    for explained in (unknown, known, unknown):
        state.learn(explained, torch.full((2,), 1e6), torch.full((2,), 0.5), better)
    assert torch.allclose(state.explained, known.double())


def test_a_task_leaves_when_sharing_harms_it_again_and_again_and_comes_back():
    state, counts = _state(), torch.full((2,), 100.0)
    state.groups.zero_()
    harm, good = {"a": 2.0, "b": 1.0}, {"a": 0.2, "b": 1.0}
    own = {"a": 1.0, "b": 1.0}
    assert state.judge(own, harm, counts) == []
    assert state.judge(own, harm, counts) == ["a", "b"]  # and b with its group
    for _ in range(4):
        state.judge(own, good, counts)
    assert state.alone.tolist() == [False, False]


def test_tasks_without_partners_never_leave():
    state, counts = _state(), torch.full((2,), 100.0)
    for _ in range(4):
        assert state.judge({"a": 1.0, "b": 1.0}, {"a": 9.0, "b": 9.0}, counts) == []


# ── training ──────────────────────────────────────────────────────────────────────────────────


def test_planted_clusters_share_and_nothing_is_shared_between_them(fitted):
    record = SharingRecord.of(fitted)
    assert record.changes[-1].groups == (("task_0", "task_1"), ("task_2", "task_3"))
    ratio = np.nan_to_num(record.matrix)
    assert not ratio[:2, 2:].any()
    assert not ratio[2:, :2].any()
    assert record.changes[0].groups == tuple((task,) for task in record.tasks)


def test_opposite_tasks_are_kept_apart():
    data, _ = make_conflicting_tasks(180.0, 2, 100, 4, noise=0.3, seed=1)
    record = SharingRecord.of(ADAPTIVE.fit(data, data, 0, Budget(steps=150), progress=False))
    assert record.affinity[0][1] < -0.5
    assert not np.nansum(record.matrix)


def test_tasks_whose_affinity_stays_below_the_threshold_share_nothing(data):
    never = replace(ADAPTIVE, lower=0.98, upper=0.99)
    record = SharingRecord.of(never.fit(data, data, 0, Budget(steps=30), progress=False))
    assert not np.nansum(record.matrix)


def test_the_pulled_networks_of_tasks_that_share_fully_become_one(data):
    strong = replace(ADAPTIVE, alpha=1e6, lower=0.0, upper=0.3)
    trained = Trainer(steps=60, patience=None).fit(strong.recipe, data, data, seed=0)
    (weights,) = [p for n, p in trained.network.coupled.heads.named_parameters() if "weight" in n]
    assert torch.allclose(weights[0], weights[1], atol=1e-3)
    assert not torch.allclose(weights[0], weights[2], atol=1e-2)


def test_equal_seeds_give_equal_models_and_a_training_that_was_interrupted_ends_alike(
    data, fitted, tmp_path
):
    class StopError(Exception):
        pass

    def interrupt(record):
        if record.step >= 30:
            raise StopError

    options = {"checkpoint": tmp_path / "run", "checkpoint_seconds": 0.0, "progress": False}
    with pytest.raises(StopError):
        ADAPTIVE.fit(data, data, 0, Budget(steps=60), on_epoch=interrupt, **options)
    resumed = ADAPTIVE.fit(data, data, 0, Budget(steps=60), **options)
    assert SharingRecord.of(resumed) == SharingRecord.of(fitted)
    one, other = resumed.predict(data), fitted.predict(data)
    assert all(np.array_equal(one[t].response, other[t].response) for t in one)


def test_the_model_is_a_plain_network_that_is_saved_with_its_record(data, fitted, tmp_path):
    assert isinstance(fitted.model.architecture, SingleTask)
    fitted.save(tmp_path / "model")
    back = load(tmp_path / "model")
    assert SharingRecord.of(back) == SharingRecord.of(fitted)
    one, other = back.predict(data), fitted.predict(data)
    assert all(np.array_equal(one[t].response, other[t].response) for t in one)


@pytest.mark.slow
def test_without_validation_rows_affinities_alone_decide(data):
    record = SharingRecord.of(ADAPTIVE.fit(data, None, 0, Budget(steps=60), progress=False))
    assert record.changes[-1].groups == (("task_0", "task_1"), ("task_2", "task_3"))
    assert not record.changes[-1].alone


# ── records ───────────────────────────────────────────────────────────────────────────────────


def test_the_record_says_who_shares_how_much_and_by_which_rule(fitted):
    record = SharingRecord.of(fitted)
    assert record.words.startswith("2 groups of tasks share with ratios from 0.")
    assert "ratio = min(1, max(0, (affinity − 0.25) / 0.75)) within groups" in record.words
    assert "Sharing changed in" in record.words
    assert SharingRecord.from_dict(record.to_dict()) == record
    assert record.to_frame().height == 12
    assert "{task_0, task_1}" in fitted.history.stopped


@pytest.mark.parametrize("size", [2, pytest.param(139, marks=pytest.mark.slow)])
def test_the_section_of_the_report_holds_two_tasks_and_many(size):
    tasks = [f"school {i}" for i in range(size)]
    half = [[None if i == j else (i - j) % 2 / 2 for j in range(size)] for i in range(size)]
    record = {
        "tasks": tasks,
        "ratio": half,
        "affinity": half,
        "gain": [0.0] * size,
        "words": "Words.",
        "changes": [
            {"step": 5, "groups": [[t] for t in tasks], "alone": []},
            {"step": 10, "groups": [tasks[:2], *([t] for t in tasks[2:])], "alone": [tasks[0]]},
        ],
    }
    section = sharing_section(record)
    pairs, changes = section.tables
    assert len(pairs.rows) == min(60, size * (size - 1) // 2)
    assert bool(pairs.more) == (size > 60)
    assert [row[0] for row in changes.rows] == ["step 5", "step 10"]
    assert changes.rows[1][2] == "school 0"
    assert len(section.figures) == 2


def test_models_of_other_learners_have_no_record(data):
    other = MultiTaskNetwork(NETWORK).fit(data, data, 0, Budget(steps=2), progress=False)
    with pytest.raises(ParameterError, match=r"must be a model that polytask\.search\.Adaptive"):
        SharingRecord.of(other)


# ── the recipe ────────────────────────────────────────────────────────────────────────────────


def test_it_keeps_the_promises_of_its_recipe():
    check_recipe_round_trip(Adaptive(NETWORK, alpha=3.0, looks=2))
    check_parameters_reject_bad_values(Adaptive)
    assert Adaptive().name == "adaptive"
    assert Adaptive(NETWORK).single_task() == MultiTaskNetwork(NETWORK).single_task()


def test_the_command_line_knows_it_with_an_encoder_and_settings():
    assert isinstance(named_learner("adaptive"), Adaptive)
    assert named_learner("adaptive+tab_m").name == "adaptive+tab_m"
    assert named_learner("adaptive(looks=5)").looks == 5
    with pytest.raises(ParameterError, match="must be a HardSharing"):
        named_learner("adaptive(mmoe)")


def test_what_cannot_be_shared_adaptively_is_refused_in_words():
    data = read({"x": range(40), "a": range(40)}, ["a:regression"])
    with pytest.raises(ParameterError, match="one task, 'a', has nothing to share"):
        polytask.fit(data, Adaptive())
    with pytest.raises(ParameterError, match="must be a HardSharing with all stages"):
        Adaptive(SingleTask())
    with pytest.raises(ParameterError, match="nothing to balance"):
        Adaptive(trainer=Trainer(aggregation="mgda"))
    with pytest.raises(ParameterError, match=r"must be at most `upper`, 0\.4\. Got 0\.7"):
        Adaptive(lower=0.7)


def test_what_is_done_with_many_tasks_is_said():
    names = [f"t{i}" for i in range(101)]
    table = {"x": range(40)} | dict.fromkeys(names, range(40))
    notes = Adaptive(NETWORK).notes(read(table, [f"{name}:regression" for name in names]))
    assert any("affinity of 101 tasks on at most 2,048 training rows" in note for note in notes)


@pytest.mark.slow
def test_it_is_a_learner_like_others():
    check_learner(Adaptive(HardSharing(MLP((8,)))))


@pytest.mark.slow
def test_it_is_compared_with_its_baseline_and_the_report_shows_sharing(data, tmp_path):
    found = polytask.compare(
        data, [ADAPTIVE], seeds=1, budget=Budget(steps=20), out=tmp_path / "out", quiet=True
    )
    assert {"adaptive", "single_task"} <= {row.name for row in found.learners}
    page = polytask.report.render(found)
    assert "Sharing of adaptive" in page
    assert "Ratio of sharing of each pair" in page
