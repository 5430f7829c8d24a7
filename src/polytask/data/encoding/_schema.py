"""Schemas: fitted encoders of a source's columns and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from polytask.data.cells import Reading
from polytask.data.columns import Column, PiecesColumn, TensorColumn, Tokenizer, fit_columns
from polytask.data.encoding._learned_bins import LearnedBins
from polytask.data.encoding._part import Part
from polytask.data.sources import Source, fit_targets
from polytask.tasks import FittedTarget

__all__ = ["Schema"]

_SHARED = ("numeric", "categorical")
"""Parts of several columns side by side."""


@dataclass(frozen=True)
class Schema:
    """The encoders of a source's columns and targets, fitted on training rows and frozen.

    Parameters
    ----------
    source : str
        The source's name.
    columns : tuple of Column
        One encoder per column, in the order of the table.
    targets : mapping of task name to FittedTarget
        Classes or scaling of the tasks labelled in this source.
    task_column : str, optional
        The column that names each row's task.
    own_rows : bool
        Whether each row belongs to exactly one task.
    reading : Reading
        How to read cells of the input columns whose type a table leaves open.
    bins : LearnedBins, optional
        Edges of the bins of numeric columns, for networks that need them.

    Attributes
    ----------
    n_numeric : int
        Width d of the ``"numeric"`` array.
    cardinalities : tuple of int
        Codes per column of the ``"categorical"`` array, including unknown.
    tensors : mapping of str to tuple of int
        Shape per row of every ``"tensor:NAME"`` array.
    parts : tuple of Part
        Parts of `encode`: numbers, codes of categories, then those of one column each. Bins are
        those of all tasks.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import Schema
    >>> table = {"age": [31, 44, 28], "city": ["Rome", "Oslo", "Rome"], "rich": [0, 1, 0]}
    >>> (source,) = polytask.read(table, ["rich"]).sources
    >>> schema = Schema.fit(source)
    >>> schema.parts[1]
    Part(name='categorical', role='categorical', shape=(1,), cardinalities=(3,))
    >>> schema.encode(source)["categorical"].tolist()
    [[2], [1], [2]]
    """

    source: str
    columns: tuple[Column, ...]
    targets: Mapping[str, FittedTarget]
    task_column: str | None = None
    own_rows: bool = False
    reading: Reading = field(default_factory=Reading)
    bins: LearnedBins | None = None

    @classmethod
    def fit(
        cls,
        source: Source,
        targets: Mapping[str, FittedTarget] | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> Schema:
        """Fit encoders and targets on a source's (training) rows.

        Parameters
        ----------
        source : Source
        targets : mapping of task name to FittedTarget, optional
            Fitted targets of tasks that other sources label too; by default targets are fitted on
            this source alone.
        tokenizer : Tokenizer, optional
            Makes pieces of words of texts and tokens, for networks that were trained on these.

        Raises
        ------
        DataError
            If an input holds infinite values, or a target cannot be learned from.
        """
        fitted = fit_targets([source]) if targets is None else targets
        carried = {name: fitted[name] for name in source.tasks.names}
        read = source.reading
        columns = fit_columns(source.inputs, read.roles, read.buckets, read.lengths, tokenizer)
        reading = read.only({column.name for column in columns})
        return cls(source.name, columns, carried, source.task_column, source.own_rows, reading)

    def encode(self, source: Source) -> dict[str, np.ndarray]:
        """Encode a source's inputs.

        Returns
        -------
        dict of str to array
            ``"numeric"`` (n, d) float32; ``"categorical"`` (n, c) int32 codes, 0 = unknown;
            ``"tensor:NAME"`` (n, …) float32; ``"text:NAME"`` and ``"tokens:NAME"`` (n, l) int32
            codes of steps, 0 = no step and 1 = unknown; ``"sequence:NAME"`` (n, l, k) float32, NaN
            in all channels where there is no step; ``"smiles:NAME"`` (n, m) and ``"image:NAME"`` (n, c, h, w) float32.
            Parts without columns are left out.

        Raises
        ------
        DataError
            If a column is absent, changed type since fitting, or holds infinite values.
        """
        parts: dict[str, list[np.ndarray]] = {}
        for column in self.columns:
            part, array = column.encode(source.inputs)
            parts.setdefault(part, []).append(array)
        return {
            part: np.concatenate(arrays, axis=1) if part in _SHARED else arrays[0]
            for part, arrays in parts.items()
        }

    @property
    def n_numeric(self) -> int:
        """Width of the ``"numeric"`` array."""
        return sum(column.width for column in self.columns if column.part == "numeric")

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Codes of every ``"categorical"`` column, including unknown."""
        return tuple(codes for column in self.columns for codes in column.cardinalities)

    @property
    def hashed(self) -> tuple[bool, ...]:
        """Which ``"categorical"`` columns hold hashes, of whose codes training rows may lack many."""
        return tuple(not c.one_value_per_code for c in self.columns for _ in c.cardinalities)

    @property
    def tensors(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor per row."""
        return {c.part: c.shape for c in self.columns if c.part.startswith("tensor:")}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Parts of `encode`: numbers, codes of categories, then others, without empty ones."""
        return self.parts_for(tuple(self.targets))

    def parts_for(self, tasks: Sequence[str]) -> tuple[Part, ...]:
        """The same for a network that serves some tasks: bins are learned of their labels alone."""
        width, codes, bins = self.n_numeric, self.cardinalities, self.bins
        edges = () if bins is None else bins.edges_for(tasks)
        most = () if bins is None else bins.most_edges
        means = () if bins is None else bins.means
        return (
            *(
                [Part("numeric", "numeric", (width,), (), edges, most, means=means)]
                if width
                else []
            ),
            *([self._categorical(codes)] if codes else []),
            *(_own_part(column) for column in self.columns if column.part not in _SHARED),
        )

    def _categorical(self, codes: tuple[int, ...]) -> Part:
        return Part(
            "categorical",
            "categorical",
            (len(codes),),
            codes,
            hashed=self.hashed,
            source=self.source,
        )


def _own_part(column: Column) -> Part:
    codes = (column.n_codes,) if column.n_codes else ()
    part = Part(column.part, column.role, column.shape, codes)
    if isinstance(column, PiecesColumn):
        return replace(part, longest=column.longest)
    if not isinstance(column, TensorColumn):
        return part
    return replace(part, constant=column.constant, missing=column.missing)
