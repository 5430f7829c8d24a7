"""Texts that name targets."""

import pytest

from polytask.data.dataset._target_texts import TargetPart, read_target
from polytask.exceptions import DataError


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a,b:my_kinds:Duration", ["my_kinds:Duration", "my_kinds:Duration"]),
        ("a:binary,b:my_kinds:Duration", ["binary", "my_kinds:Duration"]),
        ("a:my_kinds:Duration,b:binary", ["my_kinds:Duration", "binary"]),
        ("a,b:binary", ["binary", "binary"]),
    ],
)
def test_a_kind_of_ones_own_after_a_list(text, kinds):
    parts = read_target(text, ["a", "b"]).parts
    assert parts == tuple(TargetPart(name, kind) for name, kind in zip("ab", kinds, strict=True))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a:binary,b", {"a": "binary", "b": None}),
        ("a,b:binary,c, kg", {"a": None, "b": "binary", "c, kg": None}),
        ("c, kg:regression,a", {"c, kg": "regression", "a": None}),
        ("a,c, kg:regression,b:binary", {"a": "binary", "c, kg": "regression", "b": "binary"}),
        ("a:my_kinds:Duration, b", {"a": "my_kinds:Duration", "b": None}),
        ("c,*:regression,a", {"c,*": "regression", "a": None}),
    ],
)
def test_kinds_within_a_list(text, kinds):
    columns = ["a", "b", "c, kg", "c,*"]
    assert {part.name: part.kind for part in read_target(text, columns).parts} == kinds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:binary,zz", r"The target 'zz' is not a column of the table"),
        ("a,zz:binary,b", r"The target 'zz' is not a column of the table"),
        ("a:binary,z*", r"No column of the table matches 'z\*'"),
        (
            "t=a:binary,b",
            r"Target t=a:binary,b: a task has one kind\. Write it once, .*: t=COLUMN,COLUMN:KIND\.",
        ),
        (
            "t=,b:count",
            r"Target t=,b:count: a column has no name\. Write one beside every comma: t=C",
        ),
        ("t=:count", r"Target t=:count: a column has no name"),
        ("t=a:binary,b:multilabel", r"a task has one kind\. Write it once, after its last column"),
    ],
)
def test_lists_that_cannot_be_read(text, sentence):
    with pytest.raises(DataError, match=sentence):
        read_target(text, ["a", "b"])
