"""Texts that name targets."""

import pytest

from polytask.data.dataset._target_texts import TargetPart, read_target


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
