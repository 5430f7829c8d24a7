"""What the encoder of an architecture adds to its name and to its training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from polytask._naming import snake_case
from polytask.encoders import CustomEncoder, Encoder
from polytask.encoders._custom_encoder import is_factory

__all__ = ["encoder_name", "encoder_training", "encoder_tuned"]


def encoder_name(architecture: Any) -> str | None:
    """Name of the encoder of a recipe, that of `CustomEncoder` for a factory; None for the usual one."""
    field = _field(architecture)
    if field is None:
        return None
    kind = _kind(getattr(architecture, field.name))
    return None if kind is None or kind is _kind(_usual(field)) else snake_case(kind.__name__)


def encoder_training(architecture: Any) -> Mapping[str, Any]:
    """Settings of the trainer that the encoder of a recipe declares; none without an encoder."""
    encoder = _own(architecture)
    return {} if encoder is None else encoder.training


def encoder_tuned(architecture: Any) -> tuple[str, ...]:
    """Paths of settings that the encoder of a recipe wants tuned; none without an encoder."""
    encoder = _own(architecture)
    return () if encoder is None else tuple(f"encoder.{name}" for name in encoder.tuned)


def _kind(encoder: object) -> type[Encoder] | None:
    """The class of an encoder, that which wraps a factory; None for anything else."""
    if isinstance(encoder, Encoder):
        return type(encoder)
    return CustomEncoder if is_factory(encoder) else None


def _own(architecture: Any) -> Encoder | None:
    field = _field(architecture)
    encoder = None if field is None else getattr(architecture, field.name)
    return encoder if isinstance(encoder, Encoder) else None


def _field(architecture: Any) -> dataclasses.Field[Any] | None:
    known = dataclasses.fields(architecture) if dataclasses.is_dataclass(architecture) else ()
    return next((field for field in known if field.name == "encoder"), None)


def _usual(field: dataclasses.Field[Any]) -> object:
    """The default of a field; nothing where it has none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
