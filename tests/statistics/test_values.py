"""Results are immutable; those that hold arrays are compared by identity."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {
    "Contributions",
    "Answers",
    "TaskGain",
    "RandomEffects",
    "Spread",
    "UnitIndex",
    "CountedUnits",
    "Share",
    "_GivenTau2",
}


def test_results_are_immutable():
    assert dataclasses_of("statistics")
    assert changeable("statistics") == set()


def test_results_with_arrays_are_compared_by_identity():
    assert holding_arrays("statistics") | HOLD_ARRAYS <= compared_by_identity("statistics")
