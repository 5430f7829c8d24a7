"""Recipes that hold settings: dataclasses, estimators, tuples and mappings of either, options."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from polytask._naming import suggestion
from polytask._paths._annotations import annotated_constraint, annotations_of
from polytask._validation import Constraint, OneOf
from polytask.exceptions import ParameterError
from polytask.ranges import SearchRange

__all__ = ["Field", "fields_of", "is_open", "with_fields"]


@dataclasses.dataclass(frozen=True, eq=False)
class Field:
    """A setting right inside a recipe."""

    name: str
    owner: str
    value: Any
    constraint: Constraint | None = None
    range: SearchRange | None = None


def fields_of(recipe: Any) -> Iterator[Field]:
    """The settings right inside a recipe; none of anything else.

    Of several recipes in a tuple, a setting belongs to each that has it, and a value to each of these that
    accepts it. An estimator of
    scikit-learn has the parameters that its own `get_params` names; their constraints and ranges may
    be declared as those of a dataclass.
    """
    owner = type(recipe).__name__
    constraints = getattr(type(recipe), "parameter_constraints", {})
    ranges = getattr(type(recipe), "search_ranges", {})
    if _is_dataclass(recipe):
        names = _names(recipe)
        _check_declared(owner, names, ranges)
        for name in names:
            value = getattr(recipe, name)
            constraint = constraints.get(name) or _annotated(type(recipe), name, value)
            yield Field(name, owner, value, constraint, ranges.get(name))
    elif _is_estimator(recipe):
        for name, value in recipe.get_params().items():
            yield Field(name, owner, value, constraints.get(name), ranges.get(name))
    elif _are_recipes(recipe):
        yield from _common_fields([field for part in recipe for field in fields_of(part)])
    elif is_open(recipe):
        inner = [name for name in recipe if isinstance(name, str) and _is_recipe(recipe[name])]
        yield from (Field(name, owner, recipe[name]) for name in inner)


def _check_declared(owner: str, names: Collection[str], ranges: Mapping[str, Any]) -> None:
    """Refuse search ranges of what is no field, which would be ignored."""
    for declared in ranges:
        if declared not in names:
            sentence = (
                f"{owner} declares a search range of {declared!r}, which is none of its fields. "
                f"{suggestion(declared, names)}"
            )
            raise ParameterError(sentence)


def _annotated(cls: type, name: str, value: object) -> Constraint | None:
    """Constraint of the field's annotation, if the field's own value satisfies it."""
    constraint = annotated_constraint(annotations_of(cls).get(name, object))
    return constraint if constraint is not None and constraint.accepts(value) else None


def is_open(recipe: Any) -> bool:
    """Whether any name may be set, as in a mapping of options; only recipes in it are listed."""
    return isinstance(recipe, Mapping)


def with_fields(recipe: Any, values: Mapping[str, Any]) -> Any:
    """The same recipe with other values of settings right inside it."""
    if _is_dataclass(recipe):
        return dataclasses.replace(recipe, **values)
    if _is_estimator(recipe):
        from sklearn.base import clone

        return clone(recipe).set_params(**values)
    if _are_recipes(recipe):
        return type(recipe)(_with_shares(recipe, values))
    return {**recipe, **values}


def _common_fields(fields: Sequence[Field]) -> Iterator[Field]:
    """The fields of several recipes, each once: the first of its name, with what any of them accepts."""
    for name in dict.fromkeys(field.name for field in reversed(fields)):
        same = [field for field in fields if field.name == name]
        accepted: list[Constraint] = []
        for field in same:
            if field.constraint is not None and field.constraint not in accepted:
                accepted.append(field.constraint)
        if len(accepted) > 1:
            yield dataclasses.replace(same[0], constraint=OneOf(tuple(accepted)))
        else:
            yield same[0]


def _with_shares(recipes: Sequence[Any], values: Mapping[str, Any]) -> Iterator[Any]:
    """Each recipe with the values that it accepts; with one that none accepts, for its error."""
    fields = [{field.name: field for field in fields_of(recipe)} for recipe in recipes]
    for recipe, own in zip(recipes, fields, strict=True):
        mine = {
            name: value
            for name, value in values.items()
            if name in own
            and (
                _accepts(own[name], value)
                or not any(name in other and _accepts(other[name], value) for other in fields)
            )
        }
        yield with_fields(recipe, mine) if mine else recipe


def _accepts(field: Field, value: Any) -> bool:
    return field.constraint is None or field.constraint.accepts(value)


def _is_recipe(value: Any) -> bool:
    return _is_dataclass(value) or _is_estimator(value)


def _is_dataclass(recipe: Any) -> bool:
    plain = isinstance(recipe, type | SearchRange)
    return dataclasses.is_dataclass(recipe) and not plain


def _names(recipe: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(recipe) if field.init]


def _is_estimator(recipe: Any) -> bool:
    return not inspect.isclass(recipe) and all(
        callable(getattr(recipe, method, None)) for method in ("get_params", "set_params")
    )


def _are_recipes(recipe: Any) -> bool:
    return isinstance(recipe, tuple | list) and bool(recipe) and all(map(_is_recipe, recipe))
