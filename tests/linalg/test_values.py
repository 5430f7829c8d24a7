"""Values do not change, and those that hold arrays are equal to themselves alone."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {"_ShiftedVectors"}


def test_values_do_not_change():
    assert dataclasses_of("_linalg")
    assert changeable("_linalg") == set()


def test_what_holds_arrays_is_equal_to_itself_alone():
    assert holding_arrays("_linalg") | HOLD_ARRAYS <= compared_by_identity("_linalg")
