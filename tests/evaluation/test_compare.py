import html
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from fakes_evaluation import Apart, Together, Unable, table, unsteady
from sklearn.datasets import load_digits

import polytask
from polytask._files import sha256
from polytask.bookkeeping import Budget
from polytask.data import FixedSplit, FoldSplit, MultiTaskDataset, RandomSplit, Split
from polytask.evaluation import Comparison, compare
from polytask.exceptions import (
    DataError,
    MissingDependencyError,
    NonFiniteLossError,
    ParameterError,
    StudyError,
    UnknownNameError,
)
from polytask.executors import LocalExecutor
from polytask.metrics import metrics_for
from polytask.predictor import FittedPredictor, load
from polytask.report import write_report
from polytask.tasks import Task

ONE, THREE = Budget(trials=1, steps=10), Budget(trials=3, steps=10)


class Hopeful(Apart):
    """Its single-task self learns from a tenth of its rows."""

    def single_task(self):
        return Apart("apart", share=0.1, alphas=self.alphas)


WIDE = table(600, n_features=20)
HELPS = Hopeful("together", share=1.0, joint=True, alphas=(1.0,))


def without_seconds(values):
    if isinstance(values, dict):
        return {k: without_seconds(v) for k, v in values.items() if not k.startswith("seconds")}
    if isinstance(values, list):
        return [without_seconds(item) for item in values]
    return values


def fits(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


# ── the answer ────────────────────────────────────────────────────────────────
def test_joint_training_that_helps_is_said_to_help():
    found = compare(WIDE, HELPS, seeds=5)
    (difference,) = found.differences
    assert (difference.learner, difference.baseline) == ("together", "apart")
    assert difference.answer == found.judgement.answer == "helped"
    assert difference.tasks["y0"].answer == "helped"
    assert difference.tasks["y0"].difference < 0 < difference.tasks["y0"].gain
    assert difference.tasks["y0"].p <= difference.tasks["y0"].p_corrected <= 0.05
    assert difference.delta_m.value > 0
    assert found.verdict.startswith("Joint training helped on ")
    assert "y0: joint training helped: RMSE −" in found.verdict
    assert found.recommended.learner == "together"


def test_joint_training_that_hurts_is_said_to_hurt():
    found = compare(WIDE, Together(share=0.1, alphas=(1.0,)), seeds=5)
    assert found.judgement.answer == "hurt"
    assert found.differences[0].tasks["y0"].answer == "hurt"
    assert found.recommended.learner == "apart"
    assert found.recommended.why.startswith("apart: no learner does better on validation rows")


def test_equal_learners_are_not_told_apart():
    found = compare(table(), Together(share=0.8, alphas=(1.0,)), seeds=3)
    (difference,) = found.differences
    assert difference.answer == "no difference shown"
    assert difference.counts == {
        "helped": 0,
        "hurt": 0,
        "no difference shown": 2,
        "too few units": 0,
        "undefined": 0,
    }
    assert difference.tasks["y0"].difference == 0
    assert difference.delta_m.value == 0
    assert "No difference between joint and single-task training is shown" in found.verdict


def test_a_learner_that_shares_nothing_and_wins_is_named_first():
    weak = Hopeful("together", share=0.15, joint=True, alphas=(1.0,))
    found = compare(WIDE, [weak, Apart("trees", share=1.0, alphas=(1.0,))], seeds=5)
    assert found.judgement.winner == "trees"
    assert not found.judgement.winner_is_joint
    assert found.judgement.headline.startswith("trees, which learns each task alone, wins: Δm +")
    assert found.judgement.headline.endswith("over together on test rows.")
    assert found.recommended.learner == "trees"


def test_a_lead_that_may_be_chance_is_called_that():
    weak = Hopeful("together", share=0.5, joint=True, alphas=(1.0,))
    found = compare(table(150, seed=1), [weak, Apart("trees", share=1.0, alphas=(1.0,))], seeds=3)
    assert found.judgement.winner == found.recommended.learner == "trees"
    assert found.judgement.headline.startswith(
        "trees, which learns each task alone, does best on validation rows, though not beyond chance"
    )


def one_table(target):
    generator = np.random.default_rng(0)
    return MultiTaskDataset.from_arrays(generator.normal(size=(240, 2)), target, [Task("y")])


def test_one_task_has_nothing_to_share(tmp_path):
    target = np.random.default_rng(1).normal(size=(240, 1))
    found = compare(one_table(target), Together(alphas=(1.0,)), seeds=1)
    assert found.judgement.answer == "nothing to share"
    assert "One task: there is nothing to share" in found.verdict
    assert "difference" not in found.verdict
    assert found.warnings[0].startswith("Whether joint training helps takes two tasks or more")
    assert "--target b:binary" in found.warnings[0]
    page = write_report(found, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "there is nothing to share" in page
    assert '<small class="why">x0, x1</small>' in page


def test_one_seed_is_said_in_the_headline():
    found = compare(WIDE, HELPS, seeds=1)
    assert found.judgement.headline.endswith("(together against apart; one seed).")


def test_nothing_joint_was_asked_for():
    found = compare(table(), Apart(), seeds=1)
    assert found.differences == ()
    assert found.judgement.joint is None
    assert found.verdict.startswith("No joint learner took part")


# ── protocol ──────────────────────────────────────────────────────────────────
def test_every_learner_has_the_same_trials(tmp_path):
    log = tmp_path / "log"
    compare(table(), Together(log=str(log)), seeds=2, budget=THREE)
    counts = {
        (name, seed): sum(line.startswith(name) and line.endswith(seed) for line in fits(log))
        for name in ("apart", "together")
        for seed in "01"
    }
    first = {("apart", "0"): 3, ("together", "0"): 3}
    assert counts == {**first, ("apart", "1"): 1, ("together", "1"): 1}


def test_other_seeds_run_what_was_kept_with_the_first():
    found = compare(table(), Together(), seeds=3, budget=THREE)
    for row in found.learners[:2]:
        tried = row.runs[0].trials
        (kept,) = [trial for trial in tried if trial.tasks]
        assert len(tried) == 3
        assert [trial.gain is None for trial in tried] == [False] * 3
        for run in row.runs[1:]:
            assert [trial.settings for trial in run.trials] == [kept.settings]
            assert [trial.gain for trial in run.trials] == [None]
    assert "settings are chosen with the first" in " ".join(found.warnings)


def test_each_split_has_a_choice_of_its_own():
    found = compare(table(), Together(), split="folds:2", budget=THREE)
    assert [len(run.trials) for run in found.learners[1].runs] == [3, 3]


def test_a_seed_whose_kept_setting_gives_no_model_tries_all():
    found = compare(table(), unsteady(alphas=(1.0, 1e4)), seeds=2, budget=THREE)
    row = next(row for row in found.learners if row.name == "together")
    kept = [[trial.settings for trial in run.trials if trial.tasks] for run in row.runs]
    assert kept == [[{"alpha": 1.0}], [{"alpha": 1e4}]]
    assert [len(run.trials) for run in row.runs] == [2, 2]
    assert "together: 1 of 4 trials gave no model" in " ".join(found.warnings)


def test_a_learner_without_a_model_with_another_seed_is_left_out():
    found = compare(table(), [unsteady(alphas=(1.0,)), Apart()], seeds=2, budget=THREE)
    assert "together" not in [row.name for row in found.learners]
    assert "together is left out, since it gave no model with seed 1" in " ".join(found.warnings)


@pytest.fixture
def reads(monkeypatch):
    """Row ids of every call of `predict`."""
    found = []
    predict = FittedPredictor.predict

    def spy(self, data):
        predictions = predict(self, data)
        found.append((self.name, set(predictions[self.tasks.names[0]].row_ids.tolist())))
        return predictions

    monkeypatch.setattr(FittedPredictor, "predict", spy)
    return found


def test_losing_trials_never_see_test_rows(tmp_path, reads):
    data = table()
    (split,) = RandomSplit().splits(data, 0)
    test = set(split.test[data.sources[0].name].tolist())
    found = compare(data, Together(), seeds=2, budget=THREE, out=tmp_path)
    of_joint = [rows for name, rows in reads if name == "together" and rows & test]
    assert len(of_joint) == 2
    assert all(rows == test for rows in of_joint)
    by_name = {row.name: row for row in found.learners}
    kept = sum(bool(trial.tasks) for run in by_name["apart"].runs for trial in run.trials)
    assert by_name["together"].test_reads == 2
    assert (
        by_name["apart"].test_reads
        == kept
        == sum(1 for name, rows in reads if name == "apart" and rows & test)
    )
    records = [json.loads(p.read_text()) for p in (tmp_path / "runs").glob("*.json")]
    assert len(records) == 2 * (3 + 1) + 2  # the constant has nothing to try
    assert sum(r["test_reads"] for r in records) == 2 + kept + 2
    assert all(bool(r["test"]) == bool(r["test_reads"]) for r in records)


def test_choices_do_not_depend_on_test_rows(tmp_path):
    """Other labels in the test rows change the verdict, not what is kept and preferred."""
    generator = np.random.default_rng(0)
    X, Y = generator.normal(size=(240, 4)), generator.normal(size=(240, 2))
    Y += X[:, :2]
    data = MultiTaskDataset.from_arrays(X, Y)
    splits = RandomSplit().splits(data, 0)
    spoiled = Y.copy()
    rows = splits[0].test[data.sources[0].name]
    spoiled[rows] = generator.normal(size=(len(rows), 2)) * 9
    found = [
        compare(
            MultiTaskDataset.from_arrays(X, labels),
            Together(),
            split=FixedSplit(tuple(splits)),
            seeds=2,
            budget=THREE,
        )
        for labels in (Y, spoiled)
    ]
    first, second = (
        [(row.validation_gain, [[t.tasks for t in run.trials] for run in row.runs]) for row in rows]
        for rows in (found[0].learners, found[1].learners)
    )
    assert first == second
    best = max(found[0].learners, key=lambda row: row.validation_gain)
    assert found[0].recommended.learner == best.name
    assert found[1].recommended.learner is None  # nothing beats a constant on spoiled rows
    assert found[0].learners[0].tasks["y0"] != found[1].learners[0].tasks["y0"]


def signal_and_noise(n_rows):
    """A task that wants weak regularisation, and one that wants strong."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(n_rows, 30))
    noise = generator.normal(size=(n_rows, 2))
    return MultiTaskDataset.from_arrays(
        X, np.stack([5 * X[:, 0] + 0.1 * noise[:, 0], noise[:, 1]], 1)
    )


def test_a_single_task_learner_keeps_settings_for_each_task():
    data = signal_and_noise(600)
    found = compare(data, Apart(), seeds=1, budget=THREE)
    kept = {
        task: trial.settings["alpha"]
        for trial in found.learners[0].runs[0].trials
        for task in trial.tasks
    }
    assert kept["y1"] == 1e4
    assert kept["y0"] < 1e4
    assert found.recommended.settings == {
        "per task": {task: {"alpha": alpha} for task, alpha in kept.items()}
    }
    assert found.recommended.recipe is None


def test_with_few_validation_rows_one_setting_serves_all_tasks():
    found = compare(signal_and_noise(300), Apart(), seeds=1, budget=THREE)
    (kept,) = [trial for trial in found.learners[0].runs[0].trials if trial.tasks]
    assert kept.tasks == ("y0", "y1")
    assert found.recommended.recipe["parameters"]["alpha"] == kept.settings["alpha"]
    assert found.chosen_settings in str(found)
    assert f"alpha = {kept.settings['alpha']:g}" in found.chosen_settings
    assert repr(found).startswith("Comparison(apart, constant; to use: apart;")


def test_the_model_to_use_answers_as_it_was_measured(tmp_path):
    data = table()
    found = compare(data, Together(), seeds=2, budget=THREE, out=tmp_path)
    row = next(row for row in found.learners if row.name == found.recommended.learner)
    (split,) = RandomSplit().splits(data, 0)
    test = data.take(split.test)
    truth = test.sources[0].labelled().columns("y0")["y0"]
    for predictor in (
        found.chosen,
        polytask.load(tmp_path / "model"),
        Comparison.read(tmp_path).chosen,
    ):
        answers = predictor.predict(test)["y0"].response
        expected = row.tasks["y0"]["rmse"].per_run[found.recommended.run]
        assert np.sqrt(np.mean((answers - truth) ** 2)) == pytest.approx(expected)


def test_a_trial_that_diverges_is_reported_and_passed_over():
    found = compare(table(), Together(fails_at=1.0), seeds=1, budget=THREE)
    for row in found.learners[:2]:
        assert row.runs[0].trials[0].failure == "The loss of task 'y0' is not finite."
        assert row.runs[0].trials[0].tasks == ()
    assert any("together: 1 of 3 trials gave no model" in words for words in found.warnings)


def test_a_learner_that_always_diverges_stops_the_comparison():
    with pytest.raises(NonFiniteLossError, match="'y0' is not finite"):
        compare(table(), Apart(fails_at=1.0, alphas=(1.0,)), seeds=1)


@pytest.mark.parametrize(
    ("seeds", "jobs"),
    [((0, 1), 1), ((1,), 1), pytest.param((1,), 2, marks=pytest.mark.slow)],
)
def test_a_learner_that_cannot_be_fitted_is_left_out_and_the_others_go_on(tmp_path, seeds, jobs):
    learners = [Together(), Unable("unable", alpha=2.0, alphas=(2.0,), seeds=seeds)]
    found = compare(table(), learners, seeds=2, jobs=jobs, out=tmp_path)
    assert [row.name for row in found.learners] == ["apart", "together", "constant"]
    assert found.warnings[0] == (
        f"unable is left out, since it gave no model with seed {seeds[0]}: "
        "There is no column to lean on."
    )
    records = [json.loads(p.read_text()) for p in (tmp_path / "runs").glob("*.json")]
    failed = [r for r in records if r["failure"]]
    assert {r["error"] for r in failed} == {"DataError"}
    assert len(failed) == len(seeds)
    assert Comparison.read(tmp_path) == found


def test_the_only_learner_that_cannot_be_fitted_stops_the_comparison():
    for learner in (Unable("unable"), Unable("unable", joint=True)):
        with pytest.raises(DataError, match="There is no column to lean on"):
            compare(table(), learner, seeds=1)


class Helpless(Apart):
    def single_task(self):
        return Unable("unable", seeds=(0,))


def test_a_joint_learner_whose_self_cannot_be_fitted(tmp_path):
    found = compare(table(), Helpless("together", joint=True), seeds=1)
    assert [(row.name, row.baseline) for row in found.learners] == [
        ("together", None),
        ("constant", None),
    ]
    assert found.verdict.startswith("Whether joint training helps cannot be said")
    assert found.recommended.learner == "together"
    assert write_report(found, tmp_path / "report.html").exists()


class Needy(Apart):
    def fit(self, train, validation, seed, budget):
        raise MissingDependencyError("Install it.")


def test_what_a_machine_lacks_is_no_failure_of_the_learner(tmp_path):
    with pytest.raises(MissingDependencyError):
        compare(table(), [Apart(), Needy("needy")], seeds=1, budget=ONE, out=tmp_path)
    assert len(list((tmp_path / "runs").glob("*.json"))) == 1


def test_what_a_learner_cannot_pool_is_said_before_any_run(tmp_path):
    log = tmp_path / "log"
    Y = np.random.default_rng(0).random((60, 2)) > 0.5
    data = MultiTaskDataset.from_arrays(np.eye(60), Y.astype(float), kinds_of("binary"))
    with pytest.raises(ParameterError, match=r"pooled_linear pools tasks .* Got 'a', 'b' on one"):
        compare(data, [Apart(log=str(log)), "pooled_linear"])
    assert fits(log) == []


def kinds_of(kind):
    return [Task("a", kind), Task("b", kind)]


def test_default_learners_that_cannot_learn_the_tasks_are_named(monkeypatch):
    class Picky(Apart):
        def serves(self, tasks):
            return False

    def defaults(tasks=None, n_rows=None, *, images=False):
        del n_rows, images
        return tuple(one for one in (Apart(), Picky("picky")) if tasks is None or one.serves(tasks))

    monkeypatch.setattr("polytask.evaluation.running._candidates.default_learners", defaults)
    monkeypatch.setattr("polytask.evaluation.running._left_out.default_learners", defaults)
    found = compare(table(), seeds=1)
    assert found.warnings[0] == (
        "The learner 'picky' cannot learn these tasks: y0 (regression), y1 (binary). "
        "It is left out."
    )


def test_columns_that_an_average_leaves_out_are_named():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3))
    Y = (X[:, :2] > 0).astype(float)
    rows = np.arange(120)
    test = rows[Y[:, 1] == 0][:20]
    rest = np.setdiff1d(rows, test)
    frame = {f"x{i}": X[:, i] for i in range(3)} | {"a": Y[:, 0], "b": Y[:, 1]}
    data = MultiTaskDataset.from_table(frame, [Task("tags", "multilabel", ("a", "b"))])
    name = data.sources[0].name
    split = Split({name: rest[30:]}, {name: rest[:30]}, {name: test})
    found = compare(data, "linear", split=FixedSplit((split,)), seeds=1)
    row = found.learners[0]
    headline = found.study["tasks"][0]["metric"]
    said = ("column 'b': only one class among the 20 labelled rows",)
    assert row.tasks["tags"][headline].left_out == said
    assert any(f"of tags leaves out {said[0]}." in words for words in found.warnings)
    assert Comparison.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_no_interval_leaves_the_range_of_its_metric():
    """Digits by two seeds, whose Student's t has one degree of freedom: very wide tails."""
    digits = load_digits()
    rows = np.arange(0, 1797, 6)
    label = digits.target[rows]
    frame = {f"x{i}": digits.data[rows, i] for i in range(0, 64, 3)}
    frame |= {"digit": label, "even": label % 2, "amount": label.astype(float)}
    tasks = [Task("digit", "multiclass"), Task("even", "binary"), Task("amount", "regression")]
    data = MultiTaskDataset.from_table(frame, tasks)
    found = compare(data, Apart(share=0.3), seeds=2)
    ends = {"roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1"}
    for task, measured in found.learners[0].tasks.items():
        for name, one in measured.items():
            low, high = one.interval
            metric = next(m for m in metrics_for(data.tasks[task]) if m.name == name)
            assert low <= one.value <= high
            assert high <= (1 if name in ends or metric.best == 1 else np.inf)
            assert low >= (0 if metric.positive_scale else -np.inf)


def test_auxiliary_tasks_are_reported_and_counted_nowhere():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(300, 4))
    Y = X @ generator.normal(size=(4, 2)) + generator.normal(size=(300, 2))
    tasks = [Task("main", "regression"), Task("aside", "regression", role="auxiliary")]
    found = compare(MultiTaskDataset.from_arrays(X, Y, tasks), HELPS, seeds=2)
    (difference,) = found.differences
    assert difference.delta_m.tasks == ("main",)
    assert sum(difference.counts.values()) == 1
    assert not difference.tasks["aside"].counted
    assert difference.tasks["aside"].sentence.endswith("(auxiliary, not counted)")
    for one in difference.tasks.values():  # corrected within its role, where it is alone
        assert one.p is not None
        assert one.p_corrected == one.p
    assert found.learners[0].tasks["aside"]["rmse"].value is not None
    alone = compare(
        MultiTaskDataset.from_arrays(X, Y, [tasks[0], Task("aside", "regression")]), HELPS, seeds=2
    )
    assert alone.differences[0].delta_m.value != difference.delta_m.value


def test_only_auxiliary_tasks():
    data = MultiTaskDataset.from_arrays(
        np.eye(60), np.arange(60.0), [Task("aside", "regression", role="auxiliary")]
    )
    with pytest.raises(ParameterError, match="at least one primary task"):
        compare(data, Apart())


def test_undefined_metrics_are_named():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3))
    Y = np.stack([X[:, 0], (X[:, 1] > 0).astype(float)], axis=1)
    rows = np.arange(120)
    negative = rows[Y[:, 1] == 0]
    test = negative[:20]
    rest = np.setdiff1d(rows, test)
    split = Split({"table": rest[30:]}, {"table": rest[:30]}, {"table": test})
    data = MultiTaskDataset.from_arrays(X, Y)
    name = data.sources[0].name
    split = Split(*({name: part["table"]} for part in (split.train, split.validation, split.test)))
    found = compare(data, HELPS, split=FixedSplit((split,)), seeds=2)
    (difference,) = found.differences
    assert difference.tasks["y1"].answer == "undefined"
    assert difference.tasks["y1"].undefined == "only one class among the 20 labelled rows"
    assert difference.delta_m.left_out["y1"] == "the target is constant in the test rows"
    assert "Left out of Δm: y1 (the target is constant in the test rows)." in found.verdict
    assert difference.delta_m.tasks == ("y0",)
    assert found.learners[0].tasks["y1"]["roc_auc"].value is None
    assert "y1: ROC-AUC is undefined (only one class among the 20 labelled rows)" in found.verdict
    assert json.dumps(found.to_dict(), allow_nan=False)


# ── splits, seeds, groups ─────────────────────────────────────────────────────
def folds(data, n=3):
    rows = np.arange(data.n_rows)
    name = data.sources[0].name
    parts = [rows[rows % n == fold] for fold in range(n)]
    return FixedSplit(
        tuple(
            Split({name: np.setdiff1d(rows, test)}, {}, {name: test}, f"part {i}")
            for i, test in enumerate(parts)
        )
    )


def test_several_splits_have_one_seed_each():
    data = table()
    found = compare(data, Together(), split=folds(data), seeds=9)
    assert found.study["runs"] == [{"fold": k, "seed": k} for k in range(3)]
    assert found.study["split"]["folds"] == 3
    assert [row["test"] for row in found.study["split"]["rows"]] == [80, 80, 80]
    assert all(len(row.runs) == 3 for row in found.learners)
    assert any("3 splits share training rows" in words for words in found.warnings)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (1, "One seed: intervals and p-values speak about these fitted models alone"),
        (3, "All 3 seeds share one split, and settings are chosen with the first: intervals"),
    ],
)
def test_what_the_verdict_is_about_is_said(seeds, said):
    assert any(w.startswith(said) for w in compare(table(), Apart(), seeds=seeds).warnings)


@pytest.mark.parametrize(
    ("split", "remedy"),
    [
        (None, "Remedy: several splits, such as --split folds:5 (split='folds:5' in Python)."),
        ("group:who", "such as --split group-folds:who:5 (split='group-folds:who:5' in Python)."),
        ("time:when", "speak about this training set and these settings."),
    ],
)
def test_the_remedy_keeps_to_the_kind_of_split(split, remedy):
    frame = {"x": range(120), "y": [0.5, 1.5, 2.5] * 40, "z": [2.5, 0.5, 1.5, 4.0] * 30}
    frame |= {"who": [row // 6 for row in range(120)], "when": range(120)}
    data = polytask.read(frame, ["y", "z"])
    found = compare(data, Apart(), split=split, seeds=2)
    assert any(w.startswith("All 2 seeds") and w.endswith(remedy) for w in found.warnings)


def test_a_column_that_names_the_parts_is_obeyed_as_on_the_command_line():
    parts = ["train"] * 60 + ["test"] * 30
    frame = {"x": range(90), "part": parts, "y": [0.5, 1.5, 2.5] * 30}
    found = compare(polytask.read(frame, "y"), Apart(), seeds=1)
    assert found.study["split"]["recipe"]["parameters"]["column"] == "part"
    assert any("own column 'part'" in note for note in found.notes)
    drawn = compare(polytask.read(frame, "y"), Apart(), seeds=1, split="random")
    assert not any("own column" in note for note in drawn.notes)


def test_splits_by_name():
    data = table()
    named, made = (compare(data, Apart(), split=split) for split in ("folds:3", FoldSplit(3)))
    assert named.study["split"] == made.study["split"]
    with pytest.raises(UnknownNameError, match=r"no split named 'fold'.*Did you mean 'folds'"):
        compare(data, Apart(), split="fold:3")


def test_seeds_by_name():
    found = compare(table(), Apart(), seeds=[7, 3, 7])
    assert found.study["runs"] == [{"fold": 0, "seed": 7}, {"fold": 0, "seed": 3}]


def test_groups_widen_intervals():
    """Rows that all say the same are worth one row."""
    generator = np.random.default_rng(0)
    X = np.repeat(generator.normal(size=(60, 2)), 20, axis=0)
    y = X[:, 0] + np.repeat(generator.normal(size=60), 20)
    groups = np.repeat(np.arange(60), 20)
    wide, narrow = (
        compare(MultiTaskDataset.from_arrays(X, y, groups=g), Apart(), seeds=1)
        for g in (groups, None)
    )
    assert wide.study["statistics"]["unit"] == "groups"
    width = [np.diff(c.learners[0].tasks["y0"]["rmse"].interval)[0] for c in (wide, narrow)]
    assert width[0] > 2 * width[1]


def test_the_column_that_says_how_to_split_is_no_input(tmp_path):
    generator = np.random.default_rng(0)
    part = np.repeat(["train", "test"], [80, 40])
    x = generator.normal(size=120)
    frame = {"x": x, "part": part, "y": x + 0.3 * generator.normal(size=120)}
    data = MultiTaskDataset.from_table(frame, ["y"])
    found = compare(data, Apart(), split=polytask.data.ColumnSplit("part"), seeds=1)
    assert [c.name for s in found.chosen.schemas.values() for c in s.columns] == ["x"]


def test_no_validation_rows():
    data = table()
    name = data.sources[0].name
    split = FixedSplit(
        (Split({name: np.arange(100)}, {}, {name: np.arange(100, 240)}),), validation=0.0
    )
    with pytest.raises(DataError, match=r"has no validation rows\. compare fits on training rows"):
        compare(data, Apart(), split=split)


# ── folders ───────────────────────────────────────────────────────────────────
def test_again_is_read_back(tmp_path):
    log = tmp_path / "log"
    first = compare(table(), Together(log=str(log)), seeds=2, budget=ONE, out=tmp_path / "out")
    done = len(fits(log))
    second = compare(table(), Together(log=str(log)), seeds=2, budget=ONE, out=tmp_path / "out")
    assert len(fits(log)) == done == 4
    assert without_seconds(second.to_dict()) == without_seconds(first.to_dict())


def test_learners_and_seeds_can_be_added(tmp_path):
    log = tmp_path / "log"
    small = compare(table(), Apart(log=str(log)), seeds=1, budget=ONE, out=tmp_path / "out")
    large = compare(table(), [Together(log=str(log))], seeds=2, budget=ONE, out=tmp_path / "out")
    assert len(fits(log)) == 4
    assert large.learners[0].runs[0].validation == small.learners[0].runs[0].validation


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": Budget(steps=11)}, "its budget differs"),
        ({"split": RandomSplit(test=0.3)}, "its split differs"),
    ],
)
def test_another_study_is_refused(tmp_path, change, words):
    compare(table(), Apart(), seeds=1, out=tmp_path)
    with pytest.raises(StudyError, match=f"holds another study: {words}"):
        compare(table(), Apart(), seeds=1, out=tmp_path, **change)
    with pytest.raises(StudyError, match="its data and split differ"):
        compare(table(100), Apart(), seeds=1, out=tmp_path)


def test_without_a_folder_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = compare(table(), Together(), seeds=1)
    assert list(tmp_path.iterdir()) == []
    assert found.recommended.model is None
    assert found.chosen.predict(table())["y0"].response.shape == (240,)
    with pytest.raises(StudyError, match="was not kept"):
        _ = Comparison.from_dict(found.to_dict()).chosen


@pytest.mark.slow
def test_side_by_side_gives_the_same():
    first, second = (
        compare(table(), Together(), seeds=2, jobs=jobs, budget=ONE).to_dict() for jobs in (1, 2)
    )
    assert without_seconds(first) == without_seconds(second)


def test_reading_a_folder_that_has_no_comparison(tmp_path):
    with pytest.raises(StudyError, match=r"comparison.json is missing"):
        Comparison.read(tmp_path)


# ── the record ────────────────────────────────────────────────────────────────
def test_goes_through_json(tmp_path):
    found = compare(table(), Together(), seeds=2, budget=THREE, out=tmp_path)
    text = json.dumps(found.to_dict(), allow_nan=False)
    held = json.loads((tmp_path / "comparison.json").read_text())
    assert {k: v for k, v in held.items() if k not in {"files", "sha256"}} == json.loads(text)
    assert Comparison.from_dict(json.loads(text)) == found
    assert Comparison.read(tmp_path) == found


@pytest.mark.parametrize("run", [compare, polytask.fit])
def test_a_loss_of_another_kind_is_refused_whoever_learns(run):
    task = Task("y", "regression", loss="cross_entropy")
    data = polytask.read({"x": range(40), "y": np.arange(40) / 3}, [task])
    with pytest.raises(ParameterError, match="Task 'y': CrossEntropy serves tasks of kind multi"):
        run(data, "linear")


def test_a_damaged_model_is_written_anew(tmp_path):
    found = compare(table(), Apart(), seeds=1, budget=THREE, out=tmp_path, quiet=True)
    path = tmp_path / "model" / "bundle.json"
    path.write_text(path.read_text().replace("apart", "apars", 1))
    again = compare(table(), Apart(), seeds=1, budget=THREE, out=tmp_path, quiet=True)
    assert without_seconds(again.to_dict()) == without_seconds(found.to_dict())
    assert load(path.parent).tasks == again.chosen.tasks
    assert again.remarks == (f"{path.parent} was damaged and is written anew.",)


def test_the_file_carries_digests(tmp_path):
    found = compare(table(), Apart(), seeds=2, budget=THREE, out=tmp_path, quiet=True)
    path = tmp_path / "comparison.json"
    text = path.read_text()
    held = json.loads(text)
    assert len(held["files"]) == 2 + 2  # the constant's too
    for name, digest in held["files"].items():
        assert sha256(tmp_path / name) == digest
    path.write_text(text.replace(f'"seconds": {held["seconds"]}', '"seconds": 12.5'))
    assert Comparison.read(tmp_path).seconds == 12.5
    value = found.learners[0].tasks["y0"]["rmse"].value
    for damaged in (text.replace(str(value), str(value + 1)), text[:-20], "[]", '{"format": 1}'):
        path.write_text(damaged)
        with pytest.raises(
            StudyError, match=r"comparison.json is damaged.*Run the comparison again"
        ):
            Comparison.read(tmp_path)


def test_a_damaged_run_is_done_again_and_said(tmp_path, capsys):
    first = compare(table(), Apart(), seeds=2, out=tmp_path, quiet=True)
    path = next((tmp_path / "runs").glob("*.test.safetensors"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    again = compare(table(), Apart(), seeds=2, out=tmp_path)
    assert without_seconds(again.to_dict()) == without_seconds(first.to_dict())
    (remark,) = again.remarks
    assert remark == f"{path} was edited or damaged after it was written. That run is done again."
    assert f"note: {remark}\n" in capsys.readouterr().err
    assert first.remarks == ()


def test_an_unknown_format():
    with pytest.raises(StudyError, match="has format 99"):
        Comparison.from_dict({"format": 99})


def test_the_table_names_learners_tasks_and_the_one_to_use():
    found = compare(table(), Together(), seeds=2)
    text = str(found)
    assert "y0, RMSE ↓" in text
    assert "y1, ROC-AUC ↑" in text
    assert f"{found.recommended.learner} ←" in text
    assert found.verdict in text
    assert all(f"note: {note}" in text for note in found.warnings)
    assert found.table().row_count == 3  # the constant stands in every table


def test_a_frame_and_a_notebook_show_the_same_as_the_table():
    found = compare(table(), Together(), seeds=2)
    frame = found.to_frame()
    assert frame.height == 3 * 2 * 2
    (row,) = frame.filter(learner="together", task="y0", metric="rmse").rows(named=True)
    estimate = found.learners[1].tasks["y0"]["rmse"]
    assert (row["value"], (row["low"], row["high"])) == (estimate.value, estimate.interval)
    assert row["headline"]
    page = found._repr_html_()
    assert page.count("<tr>") == 4
    assert found.judgement.headline in page
    assert all(f"note: {html.escape(note)}" in page for note in found.notes)


# ── what nothing may be recommended for ───────────────────────────────────────
def noise(n_rows=300):
    generator = np.random.default_rng(5)
    X, Y = generator.normal(size=(n_rows, 3)), generator.normal(size=(n_rows, 2))
    return MultiTaskDataset.from_arrays(X, Y, [Task("a", "regression"), Task("b", "regression")])


def test_where_nothing_beats_a_constant_that_is_said_first_and_nothing_is_recommended(tmp_path):
    found = compare(noise(), Together(), seeds=2, out=tmp_path)
    assert found.judgement.nothing_beats_constant
    assert found.judgement.winner is None
    assert found.judgement.headline.startswith(
        "No learner is shown to beat the best constant prediction, so none is recommended"
    )
    assert found.recommended.learner is None
    assert not (tmp_path / "model").exists()
    assert "←" not in str(found)
    with pytest.raises(StudyError, match="There is no model to use: no learner is shown"):
        _ = found.chosen
    assert Comparison.read(tmp_path) == found
    page = write_report(found, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No learner is shown to beat the best constant prediction" in page


def test_pure_noise_on_few_rows_calls_no_task_helped_or_hurt():
    generator = np.random.default_rng(0)
    frame = {
        "x": generator.normal(size=30),
        "who": np.repeat(list("abcdef"), 5),
        "score": generator.normal(size=30),
    }
    data = polytask.read(frame, target="score", task_column="who", kind="regression")
    found = compare(data, ["linear", "pooled_linear"], seeds=2, budget=ONE)
    (difference,) = found.differences
    assert {one.answer for one in difference.tasks.values()} == {"too few units"}
    assert difference.answer == "too few units"
    assert "Too few test units for a verdict on a, b, c, d, e and 1 more (1 each)." in found.verdict
    assert found.judgement.headline.startswith(
        ("Whether joint training helps cannot be said: there are too few", "No learner is shown")
    )


def test_a_task_without_variance_is_left_out_of_the_average():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(240, 3))
    y = X[:, 0] + generator.normal(size=240)
    Y = np.stack([y, y + generator.normal(size=240), np.full(240, 7.0)], axis=1)
    tasks = [Task(name, "regression") for name in "abc"]
    found = compare(MultiTaskDataset.from_arrays(X, Y, tasks), Together(), seeds=2)
    for learner in found.learners:
        if learner.delta_m is not None:
            assert learner.delta_m.tasks == ("a", "b")
            assert learner.delta_m.left_out == {"c": "the target is constant in the training rows"}
            low, high = learner.delta_m.interval
            assert low <= learner.delta_m.value <= high


def test_a_baseline_without_error_is_not_divided_by():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(240, 3))
    Y = np.stack([X[:, 0], X[:, 0] + generator.normal(size=240)], axis=1)
    tasks = [Task(name, "regression") for name in ("exact", "noisy")]
    found = compare(
        MultiTaskDataset.from_arrays(X, Y, tasks),
        [Together(share=0.05), Apart(alpha=1e-6)],
        seeds=1,
    )
    difference = found.differences[0]
    assert difference.delta_m.left_out == {
        "exact": "the baseline's RMSE is below 1 % of a constant's"
    }
    assert difference.tasks["exact"].gain is None
    assert difference.tasks["noisy"].gain is not None
    over_best = [row.delta_m for row in found.learners if row.name == "together"]
    assert all(one.value > -10 for one in over_best)


def test_many_tasks_are_summed_up():
    found = compare(table(600, n_tasks=14, n_features=20), HELPS, seeds=2)
    assert "helped / hurt" in str(found)
    assert "y0: " not in found.verdict
    assert "Joint training helped on y" in found.verdict


# ── arguments ─────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seeds": 0}, "`seeds` parameter of compare must be an int in"),
        ({"seeds": []}, "`seeds` parameter of compare must be"),
        ({"split": 5}, "`split` parameter of compare must be a Splitter, such as FoldSplit"),
        ({"budget": 3}, "`budget` parameter of compare must be an instance of Budget"),
        ({"jobs": 0}, "`jobs` parameter of compare must be an int"),
        ({"executor": 3}, "`executor` parameter of compare must be an instance of Executor"),
        (
            {"executor": LocalExecutor(), "jobs": 2},
            r"`executor` parameter of compare must be None where `jobs` .* Give one of them\.",
        ),
        ({"quiet": 1}, "`quiet` parameter of compare must be"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ParameterError, match=words):
        compare(table(60), Apart(), **arguments)


@pytest.mark.usefixtures("unchecked_types")
def test_a_table_must_be_read_first():
    with pytest.raises(ParameterError, match=r"Make it with `polytask.read\(table, tasks\)`"):
        compare({"x": [1.0]}, Apart())


@pytest.mark.parametrize("seeds", [10**9, 10_001, range(10_001), [2**32], [-1], 0, []])
def test_seeds_beyond_reason(seeds, unchecked_types):
    seeds = list(seeds) if isinstance(seeds, range) else seeds
    with pytest.raises(ParameterError, match=r"`seeds` parameter of compare must be .*10,000"):
        compare(WIDE, HELPS, seeds=seeds)


def test_trials_beyond_reason():
    with pytest.raises(ParameterError, match=r"`trials` parameter of Budget.*10,000"):
        Budget(trials=10**9)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, with what a killed study left there, and more."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("polytask-ab_cd12x/study/runs/a", "polytask-ab_cd12x/lock", "polytask-notes123/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_what_a_killed_study_left_is_swept(temporary):
    compare(WIDE, HELPS, seeds=1, budget=ONE)
    assert [path.name for path in temporary.iterdir()] == ["polytask-notes123"]
