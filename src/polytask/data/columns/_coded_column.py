from __future__ import annotations

from polytask.data.columns._column import Column

__all__ = ["CodedColumn"]


class CodedColumn(Column):
    """Encoder of text, or of what was declared to be like text, as codes.

    A subclass is a dataclass with the field `holds`.

    Attributes
    ----------
    holds : str
        Type of the cells in fitting: text, or numbers or booleans declared to be categories or
        identifiers.
    """

    holds: str

    @property
    def part(self) -> str:
        """``"categorical"``."""
        return "categorical"

    @property
    def family(self) -> str:
        """Text, or the type that was declared to be like it."""
        return self.holds

    @property
    def accepted(self) -> tuple[str, ...]:
        """Text too, which may hold new values."""
        return (self.holds, "text")
