"""Check that splits have all parts that a comparison requires."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.data.splits._split import Split
from polytask.exceptions import DataError

__all__ = ["check_parts"]


def check_parts(splits: Sequence[Split]) -> None:
    """Raise unless every split has training, validation and test rows.

    Parameters
    ----------
    splits : sequence of Split

    Raises
    ------
    DataError
        Naming the split and the part without rows.

    Examples
    --------
    >>> from polytask.data import RandomSplit, check_parts, read
    >>> data = read({"age": [31, 44, 28, 60] * 5, "rich": [0, 1, 0, 1] * 5}, ["rich"])
    >>> check_parts(RandomSplit().splits(data, seed=0))
    """
    for split in splits:
        for part in ("train", "validation", "test"):
            if not any(len(rows) for rows in getattr(split, part).values()):
                sentence = (
                    f"Split {split.name!r} has no {part} rows. compare fits on training rows, "
                    "chooses by validation rows and judges by test rows: it needs all three. Add "
                    "rows, or split in another way."
                )
                raise DataError(sentence)
