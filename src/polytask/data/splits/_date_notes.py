"""Notes on random splits of rows with dates."""

from __future__ import annotations

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset, time_columns

__all__ = ["date_notes"]


def date_notes(dataset: MultiTaskDataset) -> tuple[str, ...]:
    """Note on rows with dates, for splits that draw rows at random."""
    dates: dict[str, list[str]] = {}
    for name in time_columns(dataset):
        for source in dataset.sources:
            if name in source.inputs.columns and source.inputs[name].drop_nulls().n_unique() > 1:
                dates.setdefault(name, []).append(source.name)
    if not dates:
        return ()
    names = ", ".join(repr(name) for name in dates)
    owners = list(dict.fromkeys(source for sources in dates.values() for source in sources))
    rows = "rows" if len(owners) == len(dataset.sources) else f"rows of {first_and_more(owners)}"
    common = [name for name, sources in dates.items() if len(sources) == len(dataset.sources)]
    remedy = f"; --split time:{common[0]} tests on the latest rows" if common else ""
    sentence = (
        f"{rows} carry dates ({names}), but the split is random: training rows may lie after test "
        f"rows{remedy}"
    )
    return (sentence,)
