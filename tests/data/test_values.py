"""Values do not change, and those that hold arrays are equal to themselves alone."""

from room_dataclasses import changeable, compared_by_identity, dataclasses_of, holding_arrays

HOLD_ARRAYS = {
    "BlockTargets",
    "SourceBatch",
    "MultiTaskDataset",
    "TableLabels",
    "OwnRowLabels",
    "Source",
    "Split",
}


def test_values_do_not_change():
    assert dataclasses_of("data")
    assert changeable("data") == set()


def test_what_holds_arrays_is_equal_to_itself_alone():
    assert holding_arrays("data") | HOLD_ARRAYS <= compared_by_identity("data")
