"""Several networks, each of a group of tasks of its own, in one bundle."""

import json

import numpy as np
import pytest
from forgery import resealed, sealed_with, trap
from fuzzed_bundles import MIXED, saved
from learner_tables import long_data

from polytask.architectures import HardSharing
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import BundleError, UntrustedError
from polytask.predictor import (
    FittedPredictor,
    GroupedModel,
    NetworkModel,
    load,
    schemas_of_group,
)
from polytask.training import Trainer

PLAN = "grouped.json"


def grouped(data, groups):
    """One network per group, and the predictor of each alone."""
    schemas, parts = fit_schemas(data), []
    for group in groups:
        own, recipe = data.without_tasks(set(data.tasks.names) - set(group)), HardSharing(MLP((4,)))
        known = schemas_of_group(schemas, group)
        trained = Trainer(steps=5).fit(recipe, own, schemas=known)
        model = NetworkModel(recipe, trained.network, own.tasks, known)
        parts.append(FittedPredictor(own.tasks, known, model))
    model = GroupedModel(tuple(part.model for part in parts), groups)
    return FittedPredictor(data.tasks, schemas, model, None, "grouped"), parts


@pytest.mark.parametrize("data", [MIXED, long_data()], ids=["common rows", "own rows"])
def test_each_task_is_answered_by_the_network_of_its_group(data, tmp_path):
    names = data.tasks.names
    predictor, parts = grouped(data, (names[1:], names[:1]))
    answers = predictor.predict(data)
    for part in parts:
        alone = part.predict(data.without_tasks(set(names) - set(part.tasks.names)))
        for task in part.tasks.names:
            np.testing.assert_array_equal(answers[task].response, alone[task].response)
            np.testing.assert_array_equal(answers[task].row_ids, alone[task].row_ids)
    assert predictor.n_parameters == sum(part.n_parameters for part in parts)
    predictor.save(tmp_path / "model")
    back = load(tmp_path / "model").predict(data)
    for task in names:
        np.testing.assert_array_equal(back[task].response, answers[task].response)


def test_some_tasks_alone_are_predicted():
    predictor, _ = grouped(MIXED, (MIXED.tasks.names[:1], MIXED.tasks.names[1:]))
    wanted = MIXED.tasks.names[-1]
    only = predictor.predict(MIXED, tasks=wanted)
    np.testing.assert_array_equal(only[wanted].raw, predictor.predict(MIXED)[wanted].raw)


def test_a_bundle_is_a_flat_folder_of_data(tmp_path):
    predictor, _ = grouped(MIXED, (MIXED.tasks.names[:1], MIXED.tasks.names[1:]))
    predictor.save(tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {
        "bundle.json",
        PLAN,
        *(f"{k}-{name}" for k in (0, 1) for name in ("architecture.json", "weights.safetensors")),
    }


NAMES = list(MIXED.tasks.names)


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ([NAMES[:2], NAMES[1:]], "every task in exactly one group"),
        ([NAMES[:2]], "every task in exactly one group"),
        ([NAMES[:2], NAMES[3:]], "every task in exactly one group"),
        ([NAMES[:2], [*NAMES[2:], "other"]], "every task in exactly one group"),
        ([NAMES, []], "every task in exactly one group"),
        ([NAMES[:1], NAMES[1:]], "no place for"),  # weights of another network
        ([NAMES[2:], NAMES[:2]], "the saved weights lack"),
        ("all", r"groups"),
        ([NAMES[:2], 7], r"groups"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(groups, why, tmp_path):
    files = saved("grouped")[0]
    plan = json.loads(files[PLAN]) | {"groups": groups}
    forged = resealed({**files, PLAN: json.dumps(plan).encode()}, tmp_path / "model")
    with trap(forged) as alarms, pytest.raises(BundleError, match=why):
        load(forged)
    assert not alarms


@pytest.mark.parametrize(
    ("models", "error"),
    [
        (["os:system", "NetworkModel"], UntrustedError),
        (["Model", "NetworkModel"], BundleError),
        (["load", "NetworkModel"], BundleError),
        (["GroupedModel", "NetworkModel"], BundleError),
        (["NetworkModel"], BundleError),
    ],
)
def test_only_models_of_this_package_are_built(models, error, tmp_path):
    files = saved("grouped")[0]
    plan = json.loads(files[PLAN]) | {"models": models}
    forged = resealed({**files, PLAN: json.dumps(plan).encode()}, tmp_path / "model")
    with trap(forged) as alarms, pytest.raises(error):
        load(forged)
    assert not alarms


def test_a_part_that_is_missing_is_named(tmp_path):
    files = {k: v for k, v in saved("grouped")[0].items() if k != "1-weights.safetensors"}
    manifest = json.loads(files["bundle.json"])
    del manifest["files"]["1-weights.safetensors"]
    forged = sealed_with(files, tmp_path / "model", manifest)
    with pytest.raises(BundleError, match=r"1-weights\.safetensors is needed"):
        load(forged)
