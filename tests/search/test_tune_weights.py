"""Search of task weights: members, fronts, what is kept, resumption."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from fakes_evaluation import table

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, StudyError
from polytask.neural_network import MultiTaskNetwork
from polytask.search import WeightTuning, tune_weights
from polytask.search._weight_population import population_rounds, round_rows
from polytask.search._weight_problem import WeightProblem
from polytask.search._weight_proposals import first_rows, proposed_rows
from polytask.search._weight_search import WeightMember
from polytask.training import Trainer
from polytask.weighting import Static

pytest.importorskip("optuna")

NETWORK = MultiTaskNetwork(HardSharing(MLP((4,))), Trainer(batch_size=32, optimizer="sgd"))
METHODS = ["random", "tpe", "population"]


def tuned(method="random", *, out=None, trials=3, seeds=1, **options):
    budget = Budget(trials, 12)
    settings = {"method": method, "rounds": 2, "quiet": True, **options}
    return tune_weights(table(90), NETWORK, seeds=seeds, budget=budget, out=out, **settings)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("weights") / "out"
    return tuned("tpe", out=out), out


@pytest.fixture(scope="module")
def problem():
    data = table(90)
    (split,) = RandomSplit().splits(data, seed=0)
    return WeightProblem(NETWORK, data.take(split.train), data.take(split.validation), 12, 0)


def test_the_first_network_has_equal_weights_and_all_sum_to_the_number_of_tasks(study):
    (search,) = study[0].searches
    assert set(search.members[0].weights.values()) == {1.0}
    assert all(sum(member.weights.values()) == pytest.approx(2.0) for member in search.members)
    assert len({tuple(member.weights.values()) for member in search.members}) == 3


def test_the_kept_weights_are_the_best_on_validation_rows_and_are_judged(study):
    tuning, _ = study
    (search,) = tuning.searches
    values = [member.value for member in search.members]
    assert search.chosen == int(np.argmax(values))
    assert values[0] == 0.0
    row = next(r for r in tuning.comparison.learners if r.name == "hard_sharing+tuned_weights")
    kept = list(search.members[search.chosen].weights.values())
    weighting = row.recipe["parameters"]["trainer"]["parameters"]["weighting"]
    assert weighting["parameters"]["task_weights"] == pytest.approx(kept)
    assert (row.test_reads, len(row.runs), row.baseline) == (1, 1, "single_task")


def test_the_baseline_is_tuned_by_as_many_trials(study):
    tuning, _ = study
    row = next(row for row in tuning.comparison.learners if row.name == "single_task")
    assert len(row.runs[0].trials) == tuning.members == 3
    equal = next(row for row in tuning.comparison.learners if row.name == "hard_sharing")
    assert len(equal.runs[0].trials) == 1


def test_the_front_is_over_gains_on_the_constant(study):
    (search,) = study[0].searches
    assert search.objectives == ("y0", "y1")
    gains = [tuple(member.gains[task] for task in search.objectives) for member in search.members]
    for place, gain in enumerate(gains):
        dominated = any(
            other != gain and all(a >= b for a, b in zip(other, gain, strict=True))
            for other in gains
        )
        assert (place in search.front) == (not dominated)
    assert search.hypervolume >= search.hypervolume_equal


@pytest.mark.slow
def test_the_record_goes_through_its_files_and_the_same_call_trains_nothing(study):
    tuning, out = study
    assert WeightTuning.read(out) == tuning
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()}
    again = tuned("tpe", out=out)
    assert again == tuning
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()} == before


def test_a_folder_of_another_method_is_refused(study):
    with pytest.raises(StudyError, match="holds another study: its weights differ"):
        tuned("random", out=study[1])


def test_a_member_is_the_network_trained_with_these_fixed_weights(problem):
    row = (1.6, 0.4)
    ((trained, _),) = problem.trained([row], None, lambda: None)
    alone = replace(problem.trainer, weighting=Static(row)).fit(
        problem.learner.architecture, problem.train, problem.validation, seed=0
    )
    for name, tensor in alone.network.state_dict().items():
        assert trained.network.state_dict()[name].numpy() == pytest.approx(
            tensor.numpy(), rel=1e-4, abs=1e-6
        )


def member(number, value, weights=(1.0, 1.0)):
    return WeightMember(number, 0, dict(zip("ab", weights, strict=True)), {}, {}, value)


def test_rows_are_drawn_uniformly_from_the_simplex():
    rows = np.array(first_rows(3, 4001, seed=1)[1:]) / 3
    assert rows.mean(axis=0) == pytest.approx(np.full(3, 1 / 3), abs=0.02)
    assert rows.var(axis=0) == pytest.approx(np.full(3, 2 / 36), abs=0.006)  # Dirichlet(1, 1, 1)
    assert first_rows(3, 5, seed=1) == first_rows(3, 9, seed=1)[:5]


def test_proposals_learn_from_what_earlier_rows_gained():
    generator = np.random.default_rng(0)
    rows = [(2 * share, 2 - 2 * share) for share in generator.uniform(0.05, 0.95, size=40)]
    members = [member(k, -abs(row[0] - 0.5), row) for k, row in enumerate(rows)]  # best at 0.5
    proposed = np.array(proposed_rows("ab", members, 12, seed=0))
    assert np.median(np.abs(proposed[:, 0] - 0.5)) < 0.4
    assert proposed_rows("ab", members, 12, seed=0) == [tuple(row) for row in proposed]


def test_the_worst_take_over_the_best_with_other_weights():
    last = [member(k, float(k), (1.0 + 0.1 * k, 1.0 - 0.1 * k)) for k in range(8)]
    rows = round_rows(last, 2, 8, seed=0, rounds=1)
    assert [parent for _, parent in rows[2:]] == [2, 3, 4, 5, 6, 7]  # go on as they are
    assert all(parent in {6, 7} for _, parent in rows[:2])
    assert rows[0][0] not in [row for row, _ in rows[2:]]
    assert all(sum(row) == pytest.approx(2.0) for row, _ in rows)


def test_a_member_without_a_model_takes_over_one_with():
    last = [member(0, 0.1), member(1, None), member(2, 0.3), member(3, 0.2)]
    parents = [parent for _, parent in round_rows(last, 2, 4, seed=0, rounds=1)]
    assert parents == [0, 2, 2, 3]


@pytest.mark.slow
def test_a_population_goes_on_after_a_round_as_if_it_had_not_stopped(problem, tmp_path):
    def searched(name, known, rounds):
        return population_rounds(
            problem, known, 3, rounds, tmp_path / name, lambda _: None, lambda: None
        )

    def plain(members):
        return [replace(member, seconds=0.0) for member in members]

    class Stop(Exception):  # noqa: N818
        pass

    kept = []

    def stop(members):
        kept.extend(members)
        raise Stop

    whole = searched("whole", [], 2)
    with pytest.raises(Stop):
        population_rounds(problem, [], 3, 2, tmp_path / "cut", stop, lambda: None)
    first = list(kept)
    assert plain(searched("cut", first, 2)) == plain(whole)
    shutil.copy(tmp_path / "whole.1", tmp_path / "cut.1")  # killed before the members were kept
    with pytest.raises(Stop):
        population_rounds(problem, [], 3, 2, tmp_path / "cut", stop, lambda: None)
    assert plain(searched("cut", first, 2)) == plain(whole)
    (tmp_path / "lost.0").write_bytes(b"damaged")
    assert plain(searched("lost", first, 2)) == plain(whole)
    assert [m.round for m in whole] == [0, 0, 0, 1, 1, 1]
    assert whole[3].parent is not None


def test_a_population_of_which_every_network_diverges_ends(problem, tmp_path):
    trainer = replace(NETWORK.trainer, learning_rate=1e30)
    broken = replace(problem, learner=replace(NETWORK, trainer=trainer))
    members = population_rounds(broken, [], 2, 3, tmp_path / "s", lambda _: None, lambda: None)
    assert len(members) == 2
    assert all(member.failure for member in members)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_every_method_ends_in_a_verdict(method):
    tuning = tuned(method)
    assert {row.name for row in tuning.comparison.learners} == {
        "single_task",
        "hard_sharing",
        "hard_sharing+tuned_weights",
        "constant",
    }
    assert len(tuning.searches[0].members) == (6 if method == "population" else 3)


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        ("linear", "must be a joint network, such as hard_sharing. Got 'linear'"),
        ("single_task", "must be a joint network, such as hard_sharing. Got 'single_task'"),
        ("hard_sharing+famo", "must be a network without balancing"),
    ],
)
def test_learners_without_weights_to_search_are_refused(learner, words):
    with pytest.raises(ParameterError, match=words):
        tune_weights(table(90), learner)


def test_one_task_has_no_weights_to_search():
    with pytest.raises(ParameterError, match="must be of at least two tasks"):
        tune_weights(table(90, n_tasks=1), "hard_sharing")


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "options", [{"method": "grid"}, {"rounds": 0}, {"rounds": 13}, {"seed": -1}]
)
def test_bad_arguments_are_refused_in_words(options):
    (name,) = options
    with pytest.raises(ParameterError, match=f"`{name}` parameter of tune_weights must be"):
        tuned(**{"method": "population", **options})
