"""Chunks of tagged steps, such as named entities."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64

from polytask.metrics._step_metric import NO_TAG
from polytask.tasks import Label

__all__ = ["chunk_counts"]

_OUTSIDE = "O"
_IN_CHUNK = re.compile(r"([BIESLU])(?:[-_](.*))?")
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")


def chunk_counts(
    truth: Int64[np.ndarray, "n l"], decided: Int64[np.ndarray, "n l"], tags: Sequence[Label]
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Chunks of each row that agree in type and in both ends, true ones, and decided ones.

    Tags such as B-city, I-city and O mark chunks; also those with E or L at the end and with S or U
    for single steps. An I without a B before begins a chunk, as in the script of CoNLL-2000. If
    tags other than O have no such form, each of their steps is a chunk.

    Parameters
    ----------
    truth, decided : array of shape (n, l)
        Codes of tags, ``len(tags)`` for unknown ones, `NO_TAG` where there is none.
    tags : sequence of labels

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._chunks import chunk_counts
    >>> truth, decided = np.array([[0, 1, 2, 0]]), np.array([[0, 2, 2, 1]])
    >>> chunk_counts(truth, decided, ("B-a", "I-a", "O"))
    (array([1]), array([2]), array([2]))
    """
    of_tag = _Tags(tags)
    first_true, last_true, kind_true = of_tag.ends(truth)
    first, last, kind = of_tag.ends(decided)
    same = first_true & first & (kind_true == kind) & (last_true == last)
    return same.sum(axis=1), first_true.sum(axis=1), first.sum(axis=1)


class _Tags:
    """Per code of a tag: whether it begins or ends a chunk by itself, and the chunk's type."""

    def __init__(self, tags: Sequence[Label]) -> None:
        forms = [_IN_CHUNK.fullmatch(str(tag)) for tag in tags]
        outside = [str(tag) == _OUTSIDE for tag in tags]
        marks = all(form or out for form, out in zip(forms, outside, strict=True))
        names: list[tuple[str, str]] = [
            (form[1], form[2] or "") if marks and form else ("S", str(tag))
            for form, tag in zip(forms, tags, strict=True)
        ]
        types = {name: number for number, name in enumerate(dict.fromkeys(n for _, n in names), 1)}
        n_types = len(types) + 1
        # beyond the tags: an unknown one, a chunk of its own type; and none, NO_TAG at the end
        self.type = np.array(
            [0 if out else types[name] for out, (_, name) in zip(outside, names, strict=True)]
            + [n_types, 0]
        )
        self.begins = np.array([mark in _BEGINS for mark, _ in names] + [True, False])
        self.ends_here = np.array([mark in _ENDS for mark, _ in names] + [True, False])

    def ends(
        self, codes: Int64[np.ndarray, "n l"]
    ) -> tuple[Bool[np.ndarray, "n l"], Int64[np.ndarray, "n l"], Int64[np.ndarray, "n l"]]:
        """Whether a chunk begins at each step, the last step of the chunk there, and its type."""
        places = np.where(codes == NO_TAG, len(self.type) - 1, codes)
        kind = self.type[places]
        before = np.pad(kind, [(0, 0), (1, 0)])[:, :-1]
        closed = np.pad(self.ends_here[places], [(0, 0), (1, 0)])[:, :-1]
        inside = kind > 0
        first = inside & (self.begins[places] | closed | (before != kind))
        goes_on = np.pad((inside & ~first)[:, 1:], [(0, 0), (0, 1)])
        n_steps = codes.shape[1]
        stops = np.where(inside & ~goes_on, np.arange(n_steps), n_steps)
        last = np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]
        return first, last, kind
