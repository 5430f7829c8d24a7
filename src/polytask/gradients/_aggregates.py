"""What the engines see of an aggregator."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Aggregates"]


@runtime_checkable
class Aggregates(Protocol):
    """Anything that declares what it needs: ``weights(gramian)`` or ``combine(jacobian)``."""

    @property
    def needs(self) -> frozenset[str]: ...
