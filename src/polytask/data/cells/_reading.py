"""Record of how the cells of a table were read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """Record of how the cells of columns were read, by which new tables are read alike.

    Parameters
    ----------
    roles : mapping of column to role
        What columns were declared to be, such as ``"categorical"``.
    missing : mapping of column to tuple of str
        Cells that mean “missing”, beside empty ones and words such as NA.
    dates : mapping of column to str
        How dates are written, as in ``%d/%m/%Y``.
    decimal : {".", ","}
        The decimal mark of numbers in text.
    buckets : mapping of column to int
        Declared numbers of buckets of identifiers.
    lengths : mapping of column to int
        Declared numbers of steps to read of texts, tokens and sequences.
    images : mapping of column to str
        Declared forms of images, as `ImageForm` writes them.
    folder : str
        Where the paths of images begin; the working folder by default. It is not saved.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    buckets: Mapping[str, int] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""

    def only(self, columns: Collection[str]) -> Reading:
        """The part about some columns."""
        return Reading(
            {name: role for name, role in self.roles.items() if name in columns},
            {name: cells for name, cells in self.missing.items() if name in columns},
            {name: form for name, form in self.dates.items() if name in columns},
            self.decimal,
            {name: count for name, count in self.buckets.items() if name in columns},
            {name: steps for name, steps in self.lengths.items() if name in columns},
            {name: form for name, form in self.images.items() if name in columns},
            self.folder,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; without lengths and forms of images unless some are declared."""
        lengths = {"lengths": dict(self.lengths)} if self.lengths else {}
        images = {"images": dict(self.images)} if self.images else {}
        return {
            "roles": dict(self.roles),
            "missing": {name: list(cells) for name, cells in self.missing.items()},
            "dates": dict(self.dates),
            "decimal": self.decimal,
            "buckets": dict(self.buckets),
            **lengths,
            **images,
        }
