"""Every public method has its row in docs/methods.md."""

import importlib
import inspect
import re
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

from polytask._naming import fold, public_classes
from polytask.aggregation import AmortisedAggregator, Property
from polytask.cli import _rooms
from polytask.gradients import Need
from polytask.merging import Merging
from polytask.penalties import Penalty
from polytask.predictor import ESTIMATOR_ROOMS

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
ROOMS = (
    "architectures",
    "encoders",
    "penalties",
    "weighting",
    "aggregation",
    "merging",
    "sampling",
    "observers",
    "augmentation",
    "losses",
    "metrics",
    "tasks",
    "learners",
    "analysis",
    "datasets",
)
# Contracts, records and helpers of the rooms, which the page need not list.
NOT_METHODS = {
    "Architecture", "EncoderArchitecture", "Encoder", "MultiTaskModule", "Condition", "ConditionedNetwork", "Copies", "FusedTowersNetwork", "FusionUnit", "Towers", "Heads", "Inputs", "Mixture", "Owned", "Owner", "Stages", "MaskedStage", "State", "Penalty", "QuadraticPenalty", "TableEntry", "NumericEmbedding", "Weighting", "Aggregator", "GramianAggregator",
    "JacobianAggregator", "AmortisedAggregator", "Property", "Merging", "Sampler", "MixedSampler", "Observer", "View", "Augmentation", "ImageAugmentation", "RowMixing", "Loss", "ListwiseLoss", "MultiTaskLoss", "Metric", "MetricValue", "DeltaM", "Kind", "Task",
    "Affinity", "AffinityRecord", "Analysis", "GroupRuns", "MeasuredGain", "SampledGain", "TransferMap", "LearnedRelations", "Attribution", "Attributions", "HelpedRow", "HelpedRows", "SourceEffect", "SourceTasks",
    "TaskSet", "TaskRelation", "FittedTarget", "FitRequest", "Learner", "Estimator", "LabelledRows", "DatasetInfo", "FetchedDataset", "LinearTruth", "BranchTruth", "CountTruth", "SceneTruth", "SurvivalTruth", "TrafficTruth", "PreferenceTruth", "RankingScores", "Boxes", "DetectionScores", "PublicFile", "Calibration", "ClassRow",
}  # fmt: skip


def methods():
    for room in ROOMS:
        module = importlib.import_module(f"polytask.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            made = name.startswith(("make_", "fetch_", "load_"))
            if made or (inspect.isclass(thing) and name not in NOT_METHODS):
                yield name


@pytest.mark.parametrize("name", sorted(set(methods())))
def test_every_method_has_a_row(name):
    assert f"| `{name}`" in PAGE


TABLES = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_no_row_stands_twice(table):
    first_cells = [re.split(r"(?<!\\) \| ", line, maxsplit=1)[0] for line in table.splitlines()]
    assert len(first_cells) > 2
    assert sorted(first_cells) == sorted(set(first_cells))


METHODS = {room.slot: room.methods() for room in _rooms.ROOMS}
BALANCING = {**METHODS["weighting"], **METHODS["aggregation"]}
WORDS = {
    "losses": Need.LOSSES,
    "losses of epochs": Need.EPOCH_LOSSES,
    "losses after the step": Need.LOSSES_AFTER_STEP,
    "held-out rows": Need.VALIDATION,
    "Gramian": Need.GRAMIAN,
    "Jacobian": Need.JACOBIAN,
    "slopes": Need.PRODUCT,
    "second batch": Need.SECOND_BATCH,
}
OPTIONS = {
    "`amortised`": {"amortised": True},
    "`exact`": {"exact": True},
    "`beta=0`": {"beta": 0.0},
    "`double_sampling`": {"amortised": True, "double_sampling": True},
}


def row(name):
    """Formula, needs, cost and paper."""
    (line,) = re.findall(rf"^\| `{name}` \| (.*) \|$", PAGE, re.MULTILINE)
    return re.split(r"(?<!\\) \| ", line)


def needs(method):
    """What is beyond the losses that a weighting has anyway; all are told who is present."""
    return set(method.needs) - {Need.PRESENT}


@pytest.mark.parametrize("name", sorted(set(BALANCING) - {"Every", "Static"}))
def test_needs_are_those_declared(name):
    said = row(name)[1]
    default, *others = said.split("; ")
    stated = {WORDS[word] for word in default.split(", ")}
    if name in METHODS["weighting"]:
        stated -= {Need.LOSSES}
    assert stated == needs(BALANCING[name]())
    for other in others:
        option, colon, words = other.partition(": ")
        if colon:
            extra = {WORDS[word] for word in words.split(", ")}
            assert extra <= needs(BALANCING[name](**OPTIONS[option]))


PENALTIES = public_classes("polytask.penalties", Penalty)


@pytest.mark.parametrize("name", sorted(PENALTIES))
def test_a_penalty_says_how_it_is_applied_and_what_it_learns(name):
    formula, applied, learned, paper = row(name)
    penalty = PENALTIES[name]
    assert formula
    assert paper
    assert applied == ("loss" if penalty.smooth else "proximal step")
    assert (learned == "–") == (penalty.refit is Penalty.refit)


MERGING = public_classes("polytask.merging", Merging)


@pytest.mark.parametrize("name", sorted(MERGING))
def test_a_merging_method_says_what_it_learns(name):
    *_, learns, _ = row(name)
    assert (learns == "–") == (MERGING[name].steps is Merging.steps)


@pytest.mark.parametrize("name", sorted({**BALANCING, **PENALTIES, **MERGING}))
def test_papers_are_those_of_the_docstring(name):
    *_, paper = row(name)
    check_papers(paper, {**BALANCING, **PENALTIES, **MERGING}[name])


def check_papers(paper, method):
    text = (inspect.getdoc(method) or "").partition("References\n")[2]
    if paper == "–":
        assert not text
        return
    for one in paper.split("; "):
        authors, year = re.fullmatch(r"(.*?)(?: et al\.)?,? (?:[A-Za-z ]+ )?(\d{4})", one).groups()
        for author in authors.split(" & "):
            assert author in text
        assert year in text


ESTIMATORS = {
    name: estimator
    for room in ESTIMATOR_ROOMS
    for name, estimator in public_classes(room, BaseEstimator).items()
}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_an_estimator_has_a_row_with_its_papers_and_attributes(name):
    plain = name.removesuffix("CV") if name.removesuffix("CV") in ESTIMATORS else name
    named = f"`{plain}`"
    (line,) = [each for each in "".join(TABLES).splitlines() if named in each.split(" | ")[0]]
    first, *_, paper = re.split(r"(?<!\\) \| ", line.strip("| "))
    assert plain == name or "`…CV`" in first
    check_papers(paper, ESTIMATORS[plain])
    for attribute in re.findall(r"`(\w+_)`", line):
        assert attribute in inspect.getdoc(ESTIMATORS[name])


@pytest.mark.parametrize("name", sorted(BALANCING))
def test_rows_are_whole(name):
    assert len(row(name)) == 4
    assert all(row(name))


PROMISES = PAGE.partition("### Properties of aggregators\n")[2].partition("\n## ")[0]
TABLE = [line.strip("|").split("|") for line in PROMISES.splitlines() if line.startswith("|")]
NAMED = {fold(one): one for one in Property}
COLUMNS = [NAMED[fold(word)] for word in TABLE[0][1:]]
TICKS = {
    cells[0].strip(): {one for one, cell in zip(COLUMNS, cells[1:], strict=True) if cell.strip()}
    for cells in TABLE[2:]
}


def test_promises_are_told_of_every_aggregator_but_the_combinator():
    assert set(TICKS) == set(METHODS["aggregation"]) - {"Every"}


@pytest.mark.parametrize("name", sorted(TICKS))
def test_promises_are_those_declared(name):
    declared = BALANCING[name]().properties
    assert TICKS[name] == declared & set(COLUMNS)


AMORTISED = [name for name in sorted(TICKS) if issubclass(BALANCING[name], AmortisedAggregator)]


@pytest.mark.parametrize("name", AMORTISED)
def test_what_remains_of_promises_with_carried_weights(name):
    remaining = {Property.CONVEX, Property.PERMUTATION_INVARIANT}
    assert BALANCING[name](amortised=True).properties & set(COLUMNS) == TICKS[name] & remaining


def test_every_promise_is_explained():
    explained = re.findall(r"^- \*(.*?)\*:", PROMISES, re.MULTILINE)
    assert [NAMED[fold(word)] for word in explained] == COLUMNS
    assert set(Property) - set(COLUMNS) == {Property.STATELESS, Property.DETERMINISTIC}
