"""The augmentations of a trainer: names to objects, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._naming import made
from polytask._validation import Each, InstanceOf, OneOf, check, message
from polytask.augmentation import Augmentation
from polytask.exceptions import ParameterError

__all__ = ["AUGMENTATIONS", "resolved_augmentations"]

_ONE = InstanceOf((Augmentation, str))
AUGMENTATIONS = OneOf((_ONE, Each(_ONE)))


def resolved_augmentations(
    given: Augmentation | str | Sequence[Augmentation | str], owner: str
) -> tuple[Augmentation, ...]:
    """The augmentations that a trainer is given, names resolved, in their order.

    Parameters
    ----------
    given : Augmentation, str, or sequence of these
        A name in any spelling, maybe with a number for its first setting, ``"crop:2"``, several with
        commas, or ``"module:Class"``.
    owner : str
        Whose argument it is, for errors.

    Raises
    ------
    ParameterError
        If it is no such, or rows would be mixed twice.
    """
    remedy = (
        f"Make an object of the class: {given.__name__}()." if isinstance(given, type) else None
    )
    check(owner, "augmentation", given, AUGMENTATIONS, remedy)
    listed = [given] if isinstance(given, str | Augmentation) else list(given)
    single: list[Augmentation | str] = []
    for name_or_recipe in listed:
        single += (
            [name.strip() for name in name_or_recipe.split(",")]
            if isinstance(name_or_recipe, str)
            else [name_or_recipe]
        )
    augmentations = tuple(
        made(
            name_or_recipe,
            "polytask.augmentation",
            "augmentation",
            Augmentation,
            imports=True,
            value=True,
        )
        if isinstance(name_or_recipe, str)
        else name_or_recipe
        for name_or_recipe in single
    )
    if sum(augmentation.mixes for augmentation in augmentations) > 1:
        expected = "augmentations of which one mixes rows"
        raise ParameterError(message(owner, "augmentation", expected, given, "Leave one out."))
    return augmentations
