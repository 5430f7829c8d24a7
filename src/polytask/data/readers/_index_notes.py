"""Notes on the index of a pandas frame, which is not read."""

from __future__ import annotations

from typing import Any

import narwhals as nw

__all__ = ["index_notes"]


def index_notes(frame: Any) -> tuple[str, ...]:
    """Note on an index that says more than the rows' numbers; none for other frames.

    Examples
    --------
    >>> import pandas as pd
    >>> from polytask.data.readers._index_notes import index_notes
    >>> index_notes(pd.DataFrame({"x": [1, 2]}, index=pd.Index([7, 8], name="id")))
    ("the frame: its index, 'id', is not read; reset_index() makes columns of it",)
    """
    if not nw.dependencies.is_pandas_dataframe(frame):
        return ()
    index = frame.index
    names = [str(name) for name in index.names if name is not None]
    if names and set(names) <= {str(name) for name in frame.columns}:
        return ()
    if names:
        description = ", ".join(map(repr, names))
    elif index.inferred_type == "integer":
        return ()
    else:
        description = f"which holds {_HOLDS.get(index.inferred_type, 'more than row numbers')}"
    return (f"the frame: its index, {description}, is not read; reset_index() makes columns of it",)


_HOLDS = {"string": "text", "datetime64": "dates", "date": "dates", "floating": "numbers"}
