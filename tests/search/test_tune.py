"""Tuning: equal trials for all, exact resumption, verdicts of a comparison."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from fakes_evaluation import Apart, Together, table

from polytask.bookkeeping import Budget
from polytask.data import GroupSplit, MultiTaskDataset
from polytask.evaluation import compare
from polytask.exceptions import (
    MissingDependencyError,
    NonFiniteLossError,
    ParameterError,
    StudyError,
    UnknownNameError,
    WorkerError,
)
from polytask.executors import Executor
from polytask.learners import Constant
from polytask.learners.names import resolve_learner
from polytask.ranges import Range
from polytask.search import Tuning, tune
from polytask.search._inner_splits import inner_splits
from polytask.search._proposal import first_settings
from polytask.search._search_space import SearchSpace

pytest.importorskip("optuna")

ALPHA = {"alpha": Range(1e-3, 1e4, log=True)}


def tuned(learner=None, *, out=None, trials=4, data=None, **options):
    settings = {"ranges": ALPHA, "seeds": 1, "quiet": True, **options}
    learner = Together() if learner is None else learner
    budget = Budget(trials, 20)
    return tune(data or table(120), learner, out=out, budget=budget, **settings)


def plain(tuning):
    """All that it says, but for what differs from one process to the next."""

    def cleaned(value):
        if isinstance(value, dict):
            times = {"seconds", "seconds_tuning", "interruptions"}
            return {name: cleaned(item) for name, item in value.items() if name not in times}
        return [cleaned(item) for item in value] if isinstance(value, list) else value

    return cleaned([tuning.to_dict(), tuning.comparison.to_dict()])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("tuning")
    return tuned(out=out / "out", seeds=2), out / "out"


# ── what it promises ──────────────────────────────────────────────────────────


def test_the_baseline_gets_as_many_trials_as_the_joint_learner(study):
    tuning, _ = study
    sizes = {one.learner: len(one.trials) for one in tuning.learners if one.ranges}
    assert sizes == {"apart": 4, "together": 4}


def test_the_first_trials_are_the_recipe_as_given_and_the_grid_of_compare(study):
    tuning, _ = study
    for one in tuning.learners:
        if one.ranges:
            *first, drawn = [trial.settings["alpha"] for trial in one.trials]
            assert first == [1.0, 1e4, 1e-3]
            assert 1e-3 < drawn < 1e4


def test_points_of_the_grid_beyond_the_ranges_are_left_out():
    network = resolve_learner("hard_sharing")
    ranges = {"trainer.learning_rate": Range(5e-4, 1e-2, log=True)}
    first = first_settings(SearchSpace(network, ("trainer.weight_decay",), ranges))
    rates = [settings["trainer.learning_rate"] for settings in first]
    assert rates == [0.001, 0.003]
    assert [settings["trainer.weight_decay"] for settings in first] == [0.0, 0.0]


def test_test_rows_are_read_once_by_each_kept_model_and_by_no_other(study):
    tuning, _ = study
    for row in tuning.comparison.learners:
        kept = sum(bool(trial.tasks) for run in row.runs for trial in run.trials)
        assert row.test_reads == kept


def test_the_kept_trial_is_the_best_on_validation_rows(study):
    tuning, _ = study
    together = next(one for one in tuning.learners if one.learner == "together")
    kept = [trial for trial in together.trials if trial.tasks]
    assert kept == [max(together.trials, key=lambda trial: trial.value)]
    assert kept == [together.best]


def test_the_kept_settings_are_run_with_every_seed(study):
    tuning, _ = study
    row = next(row for row in tuning.comparison.learners if row.name == "together")
    settings = [
        [trial.settings["alpha"] for trial in run.trials if trial.tasks] for run in row.runs
    ]
    assert [run.seed for run in row.runs] == [0, 1]
    assert settings[0] == settings[1]


@pytest.mark.slow
def test_the_verdict_is_that_of_a_comparison_of_the_tuned_learners(study):
    tuning, _ = study
    (joint,) = [one.best for one in tuning.learners if one.learner == "together"]
    alpha = joint.settings["alpha"]
    learner = Together(alpha=alpha, alphas=(alpha,))
    compared = compare(table(120), learner, seeds=2, budget=Budget(1, 20), quiet=True)
    ours, theirs = (
        next(row for row in found.learners if row.name == "together")
        for found in (tuning.comparison, compared)
    )
    assert ours.tasks == theirs.tasks


def test_the_record_goes_through_its_files(study):
    tuning, out = study
    again = Tuning.read(out)
    assert again == tuning
    assert again.comparison.to_dict() == tuning.comparison.to_dict()
    assert again.chosen.tasks.names == table(120).tasks.names


@pytest.mark.slow
def test_the_same_call_finds_the_same_and_fits_nothing(study, tmp_path):
    tuning, out = study
    before = sorted(path.name for path in (out / "runs").iterdir())
    assert plain(tuned(out=out, seeds=2)) == plain(tuning)
    assert sorted(path.name for path in (out / "runs").iterdir()) == before


@pytest.mark.slow
def test_another_process_pool_finds_the_same(study):
    tuning, _ = study
    assert plain(tuned(seeds=2, executor=Backwards()))[0] == plain(tuning)[0]


@pytest.mark.slow
def test_more_trials_go_on_from_those_on_record(tmp_path):
    few = tuned(out=tmp_path / "out", trials=2)
    more = tuned(out=tmp_path / "out", trials=4)
    for one, same in zip(few.learners, more.learners, strict=True):
        kept = [replace(trial, tasks=()) for trial in one.trials]
        assert [replace(trial, tasks=()) for trial in same.trials[: len(kept)]] == kept
    assert plain(more)[0] == plain(tuned(trials=4))[0]


class Backwards(Executor):
    """Carries out the last run first."""

    def run(self, work, jobs, common):
        for position in reversed(range(len(jobs))):
            yield position, work(jobs[position], common)


@pytest.mark.slow
def test_a_killed_tuning_ends_as_if_it_had_never_been_killed(tmp_path):
    script = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parents[1]), *sys.path]!r}
from fakes_evaluation import Together, table
from polytask.bookkeeping import Budget
from polytask.search import tune
from polytask.ranges import Range
tune(table(120), Together(seconds=0.05), ranges={{"alpha": Range(1e-3, 1e4, log=True)}},
     seeds=1, budget=Budget(12, 20), out={str(tmp_path / "killed")!r})
"""
    ends = 0
    for wait in (2, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        runs = tmp_path / "killed" / "runs"
        deadline = time.monotonic() + 60
        while len(list(runs.glob("*.json"))) < 3 * wait and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        ends += process.wait() == 0
    assert not ends  # each was killed
    whole, killed = (
        tuned(Together(seconds=0.05), out=tmp_path / name, trials=12)
        for name in ("whole", "killed")
    )
    assert plain(killed) == plain(whole)


# ── inner folds ───────────────────────────────────────────────────────────────


def test_inner_folds_hold_no_test_row_and_keep_groups_whole():
    generator = np.random.default_rng(0)
    frame = {
        "x": generator.normal(size=60),
        "y": generator.normal(size=60),
        "g": np.arange(60) // 3,
    }
    splitter = GroupSplit("g")
    data = splitter.prepared(MultiTaskDataset.from_table(frame, ["y"]))
    (outer,) = splitter.splits(data, seed=0)
    (source,) = data.sources
    inner = inner_splits(data, outer, folds=3, seed=0)
    validated = np.concatenate([split.validation[source.name] for split in inner])
    rest = np.concatenate([outer.train[source.name], outer.validation[source.name]])
    assert sorted(validated) == sorted(rest)
    for split in inner:
        train, validation = (
            set(source.groups[part[source.name]]) for part in (split.train, split.validation)
        )
        assert not train & validation


@pytest.mark.slow
def test_nested_folds_choose_by_the_mean_over_the_inner_folds():
    tuning = tuned(folds=2, split="folds:2", trials=3)
    together = [one for one in tuning.learners if one.learner == "together"]
    assert [one.fold for one in together] == [0, 1]
    for one in together:
        (kept,) = [trial for trial in one.trials if trial.tasks]
        assert kept == one.best
    row = next(row for row in tuning.comparison.learners if row.name == "together")
    assert [len(run.trials) for run in row.runs] == [1, 1]  # the kept settings, on all other rows


def test_folds_of_rows_split_by_time_are_refused():
    data = MultiTaskDataset.from_table({"t": range(60), "x": range(60), "y": range(60)}, ["y"])
    with pytest.raises(ParameterError, match="`folds` parameter of tune must be 1 where rows"):
        tuned(Apart(), data=data, split="time:t", folds=2)


# ── failures ──────────────────────────────────────────────────────────────────


def test_a_diverged_trial_is_a_failure_and_no_crash():
    tuning = tuned(Together(fails_at=1e4), ranges={"alpha": [1e4]}, trials=3)
    together = next(one for one in tuning.learners if one.learner == "together")
    failed = [trial for trial in together.trials if trial.state == "failed"]
    assert failed
    assert all("is not finite" in trial.failure and trial.value is None for trial in failed)
    assert together.best.settings["alpha"] == 1.0


def test_a_learner_whose_trials_all_diverge_is_left_out_in_words():
    with pytest.raises(NonFiniteLossError, match="is not finite"):
        tuned(Together(fails_at=1.0), ranges={"alpha": [1.0]}, trials=2)


class Killing(Executor):
    """Its worker process dies at a run with this alpha."""

    def run(self, work, jobs, common):
        for position, job in enumerate(jobs):
            learners = [run.learner for run in getattr(job, "runs", ())]
            if any(one.name == "together" and one.alpha == 1e4 for one in learners):
                raise WorkerError("A worker process ended before its run did.")
            yield position, work(job, common)


def test_a_trial_that_kills_its_worker_is_tried_again_and_then_counted_as_failed():
    tuning = tuned(ranges={"alpha": [1e4]}, trials=3, executor=Killing())
    together = next(one for one in tuning.learners if one.learner == "together")
    states = {trial.settings["alpha"]: trial.state for trial in together.trials}
    assert states == {1.0: "complete", 1e4: "failed"}
    failure = next(trial.failure for trial in together.trials if trial.failure)
    assert failure.startswith("its process was killed 2 times before it ended")
    assert any("run one by one" in remark for remark in tuning.comparison.remarks)


def test_a_trial_that_was_killed_is_marked_and_run_again(tmp_path):
    out = tmp_path / "out"
    whole = tuned(out=out, trials=2)
    with sqlite3.connect(out / "tuning.sqlite") as base:  # as a process that is killed leaves it
        base.execute("UPDATE trials SET state = 'RUNNING', datetime_complete = NULL")
        base.execute("UPDATE trial_user_attributes SET value_json = '1' WHERE key = 'starts'")
        base.execute("DELETE FROM trial_values")
    base.close()
    again = tuned(out=out, trials=2)
    assert plain(again) == plain(whole)
    assert {t.interruptions for one in again.learners if one.ranges for t in one.trials} == {1}
    assert "was interrupted, and is run again" in again.comparison.remarks[0]


@pytest.mark.slow
def test_an_orderly_interruption_does_not_count_as_a_kill(tmp_path):
    class Interrupted(Executor):
        def run(self, work, jobs, common):
            raise KeyboardInterrupt
            yield

    with pytest.raises(KeyboardInterrupt):
        tuned(Apart(), out=tmp_path / "out", trials=2, executor=Interrupted())
    again = tuned(Apart(), out=tmp_path / "out", trials=2)
    assert {t.interruptions for one in again.learners for t in one.trials} == {0}
    assert again.comparison.remarks == ()


@pytest.mark.slow
def test_a_trial_whose_process_was_killed_five_times_has_failed(tmp_path):
    out = tmp_path / "out"
    tuned(out=out, trials=2)
    with sqlite3.connect(out / "tuning.sqlite") as base:
        base.execute("UPDATE trials SET state = 'RUNNING' WHERE number = 1")
        base.execute("UPDATE trial_user_attributes SET value_json = '5' WHERE key = 'starts'")
    base.close()
    again = tuned(out=out, trials=2)
    (one,) = [one for one in again.learners if one.learner == "together"]
    assert [trial.state for trial in one.trials] == ["complete", "failed"]
    assert "killed 5 times" in one.trials[1].failure
    assert plain(tuned(out=out, trials=2)) == plain(again)


# ── pruning ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Stepwise(Apart):
    """Ridge with the penalty of its last step, whose training counts steps."""

    has_own_budget = True

    def fit(self, train, validation, seed, budget):
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as file:
                file.write(f"{budget.steps}\n")
        return super().fit(train, validation, seed, budget)


def test_halving_stops_the_worse_trials_after_fewer_steps(tmp_path):
    log = tmp_path / "log"
    learner = Stepwise(log=str(log))
    settings = {"ranges": ALPHA, "seeds": 1, "quiet": True, "pruner": "halving"}
    tuning = tune(table(120), learner, budget=Budget(8, 90), **settings)
    (one,) = [one for one in tuning.learners if one.ranges]
    assert one.trials[0].state == "complete"  # nothing is stopped before a trial is complete
    by_state = {trial.state: trial for trial in one.trials}
    assert set(by_state) == {"complete", "pruned"}
    assert by_state["pruned"].steps in {10, 30}
    assert one.best.state == "complete"
    steps = [int(line) for line in log.read_text().split("\n") if line and " " not in line]
    assert steps.count(90) < steps.count(10) == 8


@pytest.mark.slow
def test_learners_that_count_no_steps_are_run_in_full():
    tuning = tuned(pruner="halving")
    assert {t.state for one in tuning.learners for t in one.trials} == {"complete"}


# ── which settings ────────────────────────────────────────────────────────────


def test_all_declared_ranges_are_searched_where_all_are_asked_for():
    mmoe = resolve_learner("mmoe")
    every = SearchSpace(mmoe, ("*",)).ranges_of(mmoe)
    assert {path.rpartition(".")[2] for path in every} >= {"optimizer", "initializer", "n_experts"}
    assert len(every) == len(mmoe.search_space())
    usual = SearchSpace(mmoe).ranges_of(mmoe)
    assert set(usual) < set(every)
    assert "trainer.learning_rate" in usual


def test_settings_inside_another_encoder_are_searched_where_they_are_asked_for():
    network = resolve_learner("hard_sharing")
    space = SearchSpace(network, ("numbers.*",), {"numbers": ["standardized", "periodic"]})
    periodic = network.configured({"encoder.numbers": "periodic"})
    assert not any("sigma" in path for path in space.ranges_of(network))
    assert "architecture.encoder.numbers.sigma" in space.ranges_of(periodic)


def test_the_architecture_of_the_baseline_stays():
    joint = resolve_learner("hard_sharing")
    ranges = {"architecture": ["mmoe"]}
    alone = joint.single_task()
    assert "architecture" in SearchSpace(joint, (), ranges).ranges_of(joint)
    assert "architecture" not in SearchSpace(alone, (), ranges).ranges_of(alone)


# ── bad input ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"paths": ["dropuot"]}, UnknownNameError, "No search range of .* fits 'dropuot'"),
        ({"ranges": {"alhpa": [1.0]}}, UnknownNameError, "no setting named 'alhpa'"),
        ({"ranges": {"name": Range(0.0, 1.0)}}, ParameterError, "a list of values, since"),
        ({"sampler": "grid"}, ParameterError, "`sampler` parameter of tune must be"),
        ({"pruner": "median"}, ParameterError, "`pruner` parameter of tune must be"),
        ({"folds": 0}, ParameterError, "`folds` parameter of tune must be"),
        ({"at_once": 0}, ParameterError, "`at_once` parameter of tune must be"),
        ({"seed": -1}, ParameterError, "`seed` parameter of tune must be"),
        ({"ranges": {"alpha": []}}, ParameterError, "`ranges` parameter of tune must be"),
        ({"seeds": 0}, ParameterError, "`seeds` parameter of tune must be"),
        ({"out": ""}, ParameterError, "`out` parameter of tune must be"),
    ],
)
def test_bad_arguments_are_refused_in_words(unchecked_types, options, error, words):
    with pytest.raises(error, match=words):
        tuned(**options)


def test_ranges_upside_down_are_refused():
    with pytest.raises(ParameterError, match="`high` parameter of Range must be greater than"):
        tuned(ranges={"alpha": Range(1.0, 0.1)})


def test_no_trials_are_refused():
    with pytest.raises(ParameterError, match="`trials` parameter of Budget must be"):
        tuned(trials=0)


def test_a_learner_without_ranges_is_nothing_to_tune():
    with pytest.raises(ParameterError, match="There is nothing to tune: constant declares"):
        tuned(Constant(), ranges=None)


def test_learners_without_ranges_are_run_as_they_are_beside_others(study):
    tuning, _ = study
    constant = next(one for one in tuning.learners if not one.ranges)
    assert [(trial.state, trial.settings) for trial in constant.trials] == [("complete", {})]


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingDependencyError, match=r"Install it: pip install 'polytask\[tune\]"):
        tuned()


@pytest.mark.slow
def test_importing_the_room_loads_no_optuna():
    command = "import sys, polytask.search; print('optuna' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


def test_a_storage_of_another_study_is_refused(study, tmp_path):
    _, out = study
    other = tmp_path / "other"
    other.mkdir()
    (other / "tuning.sqlite").write_bytes((out / "tuning.sqlite").read_bytes())
    with pytest.raises(StudyError, match=r"tuning.sqlite, holds another study, .*: its data"):
        tuned(data=table(90), out=other)


def test_a_storage_of_somebody_elses_optuna_is_refused(tmp_path):
    import optuna

    path = tmp_path / "tuning.sqlite"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(storage=f"sqlite:///{path}", study_name="mine")
    with pytest.raises(StudyError, match="holds another study, 'mine'"):
        tuned(out=tmp_path)


@pytest.mark.slow
def test_a_storage_whose_values_were_edited_is_refused(tmp_path):
    out = tmp_path / "out"
    lists = {"ranges": {"alpha": [1.0, 2.0]}, "trials": 2}
    tuned(Apart(), out=out, **lists)
    with sqlite3.connect(out / "tuning.sqlite") as base:
        base.execute("UPDATE trial_params SET param_value = 9 WHERE trial_id = 2")
    base.close()
    with pytest.raises(StudyError, match=r"The trials in tuning.sqlite are damaged"):
        tuned(Apart(), out=out, **lists)


def test_a_file_that_is_no_storage_is_refused(tmp_path):
    (tmp_path / "tuning.sqlite").write_text("no storage at all " * 100)
    with pytest.raises(StudyError, match="cannot be read as Optuna's storage"):
        tuned(out=tmp_path)


def test_the_folder_of_a_tuning_with_another_sampler_is_refused(study):
    _, out = study
    with pytest.raises(StudyError, match="holds another study: its tuning differs"):
        tuned(out=out, seeds=2, sampler="random")


def test_the_storage_holds_json_and_no_pickle(study):
    _, out = study
    with sqlite3.connect(out / "tuning.sqlite") as base:
        for name in ("study_user_attributes", "trial_user_attributes", "trial_system_attributes"):
            for (value,) in base.execute(f"SELECT value_json FROM {name}"):
                json.loads(value)
        for (value,) in base.execute("SELECT distribution_json FROM trial_params"):
            json.loads(value)
    base.close()
    assert not any(b"\x80\x04" in row for row in [(out / "tuning.json").read_bytes()])


def test_a_damaged_record_is_refused(study, tmp_path):
    _, out = study
    text = (out / "tuning.json").read_text()
    (tmp_path / "tuning.json").write_text(text.replace('"complete"', '"pruned"', 1))
    with pytest.raises(StudyError, match="is damaged"):
        Tuning.read(tmp_path)
    (tmp_path / "tuning.json").unlink()
    with pytest.raises(StudyError, match="the tuning has not ended"):
        Tuning.read(tmp_path)
