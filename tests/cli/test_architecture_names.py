"""Architectures are compared by their bare names."""

import json

import pytest

from polytask._naming import public_classes, snake_case
from polytask.architectures import Architecture
from polytask.cli._learners import named_learner
from polytask.merging import Merging

CLASSES = public_classes("polytask.architectures", Architecture)
MERGINGS = public_classes("polytask.merging", Merging)
SEVERAL = ["cross_stitch", "esmm", "hierarchical", "mmoe", "ple", "soft_sharing"]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_each_is_a_learner_with_its_defaults(name):
    for spelling in (snake_case(name), name):
        assert named_learner(spelling).architecture == CLASSES[name]()


@pytest.mark.parametrize("name", sorted(MERGINGS))
def test_each_method_of_merging_is_a_learner_with_its_defaults(name):
    for spelling in (snake_case(name), name):
        learner = named_learner(spelling)
        assert learner.merging == MERGINGS[name]()
        assert learner.name == snake_case(name)


def test_merged_networks_are_compared_and_saved(polytask, table, tmp_path):
    ran = polytask(
        "compare", table, "-t", "income:binary", "-t", "married:binary",
        "--model", "ties", "--model", "hard_sharing", "--set", "scale=0.3",
        "--set", "encoder.widths=4,4", "--steps", 4, "--seeds", 1, "--trials", 1, "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert "note: ties trains jointly with half of its optimiser steps." in ran.out
    rows = {learner["name"]: learner for learner in comparison["learners"]}
    assert rows["ties"]["n_parameters"] == rows["hard_sharing"]["n_parameters"]
    assert "scale=0.3" in rows["ties"]["runs"][0]["curves"][0]["stopped"]
    assert rows["ties"]["runs"][0]["curves"][0]["step"][-1] == 4


def test_several_in_one_command(polytask, table, tmp_path):
    ran = polytask(
        "compare", table, "-t", "income:binary", "-t", "married:binary",
        *(part for name in SEVERAL for part in ("--model", name)),
        "--set", "encoder.widths=4,4", "--steps", 2, "--seeds", 1, "--trials", 1, "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text())
    names = [learner["name"] for learner in comparison["learners"]]
    assert names == ["single_task", *SEVERAL, "constant"]
    assert "note: Hierarchical takes the tasks low to high in the order given" in ran.out
    assert "note: ESMM takes the tasks for steps, each within the one before it" in ran.out
    assert ran.out.count("--after married=income") == 2
    table_lines = ran.out.partition("\n\n")[0].splitlines()[1:]
    rows = {line.split()[0]: line for line in table_lines}
    assert set(rows) == set(names)
    assert all("[" in row for row in rows.values())
