"""Structures that searches found, to be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["shape_of_found"]


def shape_of_found(found: Mapping[str, Any]) -> object:
    """The structure whatever the order of groups and of the tasks in them."""
    if "groups" not in found:
        return None
    groups = [{frozenset(group) for group in stage} for stage in found["groups"]]
    return groups, [frozenset(stage) for stage in found["skips"]]
