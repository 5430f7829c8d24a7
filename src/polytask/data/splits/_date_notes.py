"""A doubt about splits that ignore the order of rows in time."""

from __future__ import annotations

from polytask.data.dataset import MultiTaskDataset, time_columns

__all__ = ["date_notes"]


def date_notes(dataset: MultiTaskDataset) -> tuple[str, ...]:
    """One sentence where rows carry dates, for splits that draw rows at random."""
    columns = [
        source.inputs[name]
        for name in time_columns(dataset)
        for source in dataset.sources
        if name in source.inputs.columns
    ]
    dates = list(dict.fromkeys(s.name for s in columns if s.drop_nulls().n_unique() > 1))
    if not dates:
        return ()
    names = ", ".join(repr(name) for name in dates)
    sentence = (
        f"rows carry dates ({names}), but the split is random: training rows may lie after test "
        f"rows; --split time:{dates[0]} tests on the latest rows"
    )
    return (sentence,)
