"""F1 of chunks of tagged steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics._chunks import chunk_counts
from polytask.metrics._step_metric import StepMetric
from polytask.tasks import FittedTarget, Kind, Tokens

__all__ = ["ChunkF1"]


@dataclass(frozen=True)
class ChunkF1(StepMetric):
    r"""Harmonic mean of precision and recall of chunks, such as named entities and slots.

    .. math:: F_1 = \frac{2 \sum_i a_i}{\sum_i (t_i + d_i)}

    with the chunks a of a row that are decided with the right type and both ends, the true ones t
    and the decided ones d. Of tags without the marks of chunks (B-, I-, …) every step other than O
    is a chunk; without O it is then the share of right steps.

    Notes
    -----
    Chunks are those of the evaluation script of CoNLL-2000. Steps without a label end chunks. A tag
    that training did not have is a chunk that is never found.

    References
    ----------
    Tjong Kim Sang & Buchholz, "Introduction to the CoNLL-2000 shared task: chunking", CoNLL 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import ChunkF1
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("slots",), ("B-city", "I-city", "O"), {"steps": (3.0,)})
    >>> truth, decided = np.array([[2.0, 0.0, 1.0], [0.0, 2.0, 0.0]]), [[2, 0, 1], [0, 2, 2]]
    >>> round(ChunkF1().score(truth, np.eye(3)[decided], target).value, 3)
    0.8
    """

    name: ClassVar[str] = "chunk_f1"
    label: ClassVar[str] = "chunk F1"
    default_for: ClassVar[tuple[type[Kind], ...]] = (Tokens,)

    def sums(
        self,
        truth: Int64[np.ndarray, "n l"],
        decided: Int64[np.ndarray, "n l"],
        fitted: FittedTarget,
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Twice the right chunks, and true and decided ones together."""
        right, true, called = chunk_counts(truth, decided, fitted.classes)
        return 2.0 * right, (true + called).astype(np.float64)

    @property
    def nothing(self) -> str:
        """There are no chunks."""
        return "no chunk is labelled or decided"
