"""Checks of a sampler against the data that it is to serve."""

from __future__ import annotations

from polytask.exceptions import ParameterError
from polytask.sampling._sampler import VALIDATION_LOSSES
from polytask.training._trainer_settings import TrainerSettings

__all__ = ["check_sampler"]


def check_sampler(trainer: TrainerSettings, *, has_validation: bool) -> None:
    """Refuse a sampler that could not be used.

    Raises
    ------
    ParameterError
    """
    sampler = trainer.row_sampler()
    if sampler is None:
        return
    name = type(sampler).__name__
    if VALIDATION_LOSSES in sampler.needs and not has_validation:
        sentence = (
            f"{name} follows the losses of validation rows, and there are none. Give "
            "validation data, or choose another `sampler`."
        )
        raise ParameterError(sentence)
