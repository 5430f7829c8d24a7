"""Settings of matplotlib for all figures, independent of the user's."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["figure_settings"]

_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,  # grids lie behind what is drawn
    "axes.formatter.useoffset": False,
    "font.family": "DejaVu Sans",  # travels with matplotlib: texts are measured alike everywhere
    "path.simplify_threshold": 0.25,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "polytask",  # the same figure gives the same file
    "text.parse_math": False,  # names may hold dollar signs
}


@contextmanager
def figure_settings() -> Iterator[None]:
    """Load matplotlib, set its defaults and ours for the block, and restore the user's."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)  # font caches in homes that cannot be written are no news
    try:
        import matplotlib as mpl

        with mpl.rc_context(), warnings.catch_warnings():
            # The reader's browser has fonts for characters that the measuring font lacks.
            warnings.filterwarnings("ignore", r"(?s)Glyph .* missing from", UserWarning)
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            yield
    finally:
        logger.setLevel(level)
