"""Warnings of polytask's functions as notes of the command line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from polytask.cli._voice import Voice

__all__ = ["warnings_as_notes"]


@contextmanager
def warnings_as_notes(voice: Voice) -> Iterator[None]:
    """Say every plain `UserWarning` as a note, without the line of code that raised it.

    Warnings of other categories, such as deprecations, stay as they are.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("default", category=UserWarning)
        shown = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if category is UserWarning:
                voice.warning(f"note: {message}")
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = say
        yield
