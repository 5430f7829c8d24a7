"""Messages of other libraries, shortened to one line."""

from __future__ import annotations

__all__ = ["reason"]

_STACK = "Stack trace:"


def reason(error: BaseException, width: int = 300, *, named: bool = True) -> str:
    """Write an error on one line, without the stack that libraries written in C++ add.

    Parameters
    ----------
    error : BaseException
    width : int
        Letters, at most.
    named : bool, default True
        Whether the error's class stands before its words.

    Examples
    --------
    >>> from polytask._reason import reason
    >>> reason(ValueError("Check failed: Stack trace: [bt] (0) lib.so"))
    'ValueError: Check failed'
    """
    text = " ".join(f"{error}".partition(_STACK)[0].split()).rstrip(" :.")
    kind = type(error).__name__
    sentence = f"{kind}: {text}" if named and text else text or kind
    return sentence if len(sentence) <= width else f"{sentence[: width - 2]} …"
