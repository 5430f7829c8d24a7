"""Warning of recipes whose networks cannot be saved."""

from __future__ import annotations

import warnings

from polytask._recipes import to_json
from polytask.architectures import Architecture
from polytask.exceptions import ParameterError

__all__ = ["warn_unless_savable"]


def warn_unless_savable(architecture: Architecture) -> None:
    """Warn if the network of a recipe could not be saved."""
    try:
        to_json(architecture)
    except ParameterError as error:
        sentence = f"This recipe can be trained, but the model cannot be saved: {error}"
        warnings.warn(sentence, UserWarning, stacklevel=3)
