"""Values do not change, and those that hold arrays are equal to themselves alone."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {"Context", "Entry", "Candidate", "Outcome", "Repetition", "Run", "Tuned"}


def test_values_do_not_change():
    assert dataclasses_of("evaluation")
    assert changeable("evaluation") == set()


def test_what_holds_arrays_is_equal_to_itself_alone():
    assert holding_arrays("evaluation") | HOLD_ARRAYS <= compared_by_identity("evaluation")
