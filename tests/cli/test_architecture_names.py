"""Architectures are compared by their bare names."""

import json

import pytest

from polytask._naming import public_classes, snake_case
from polytask.architectures import Architecture
from polytask.cli._learners import named_learner

CLASSES = public_classes("polytask.architectures", Architecture)
SEVERAL = ["cross_stitch", "esmm", "hierarchical", "mmoe", "ple", "soft_sharing"]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_each_is_a_learner_with_its_defaults(name):
    for spelling in (snake_case(name), name):
        assert named_learner(spelling).architecture == CLASSES[name]()


def test_several_in_one_command(polytask, table, tmp_path):
    ran = polytask(
        "compare", table, "-t", "income:binary", "-t", "married:binary", "--after", "married=income",
        *(part for name in SEVERAL for part in ("--model", name)),
        "--set", "encoder.widths=4,4", "--steps", 2, "--seeds", 1, "--trials", 1, "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    comparison = json.loads((tmp_path / "out" / "comparison.json").read_text())
    names = [learner["name"] for learner in comparison["learners"]]
    assert names == ["single_task", *SEVERAL, "constant"]
    table_lines = ran.out.partition("\n\n")[0].splitlines()[1:]
    rows = {line.split()[0]: line for line in table_lines}
    assert set(rows) == set(names)
    assert all("[" in row for row in rows.values())
