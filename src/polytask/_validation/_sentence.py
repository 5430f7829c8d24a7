"""The error sentence: whose argument, what is expected, what came, what to do."""

from __future__ import annotations

__all__ = ["describe", "message"]


def describe(value: object, limit: int = 60) -> str:
    """Return `repr(value)` in one line, shortened so that one bad table does not fill the screen."""
    text = " ".join(line.strip() for line in _written(value).splitlines())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _written(value: object) -> str:
    """The value's `repr`; Python writes no numbers of thousands of digits, nor any depth."""
    try:
        return repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} that is too long to write"


def message(
    owner: str, parameter: str, expected: str, got: object, remedy: str | None = None
) -> str:
    """Write the error sentence: whose argument, what is expected, what came, what to do."""
    sentence = (
        f"The `{parameter}` parameter of {owner} must be {expected}. Got {describe(got)} instead."
    )
    return f"{sentence} {remedy}" if remedy else sentence
