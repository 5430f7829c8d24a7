"""Scripts that write words without blanks between."""

from __future__ import annotations

__all__ = ["LETTERS_ALONE"]

LETTERS_ALONE = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Letters of such scripts, as a part of a class of a regular expression."""
