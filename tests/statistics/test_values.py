"""Values do not change, and those that hold arrays are equal to themselves alone."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {
    "Added",
    "Answers",
    "TaskGain",
    "RandomEffects",
    "Spread",
    "UnitIndex",
    "Counted",
    "Share",
    "_Given",
}


def test_values_do_not_change():
    assert dataclasses_of("statistics")
    assert changeable("statistics") == set()


def test_what_holds_arrays_is_equal_to_itself_alone():
    assert holding_arrays("statistics") | HOLD_ARRAYS <= compared_by_identity("statistics")
