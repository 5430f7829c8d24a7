"""Values do not change, and those that hold arrays are equal to themselves alone."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {"LabelledRows"}


def test_values_do_not_change():
    assert dataclasses_of("metrics")
    assert changeable("metrics") == set()


def test_what_holds_arrays_is_equal_to_itself_alone():
    assert holding_arrays("metrics") | HOLD_ARRAYS <= compared_by_identity("metrics")
