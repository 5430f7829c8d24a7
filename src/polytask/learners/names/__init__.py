"""Names of learners as the command line and Python take them, such as ``mmoe(n_experts=4)+mgda``."""

from polytask.learners.names._balancing import balances, with_trainer_settings
from polytask.learners.names._encoders import (
    encoder_settings,
    has_encoder,
    is_encoder,
    names_encoder,
    with_other_encoder,
)
from polytask.learners.names._inside import inside, with_inside
from polytask.learners.names._model_name import ModelName, NameOwner, model_name
from polytask.learners.names._resolve_learner import NAME_SETTINGS, resolve_learner
from polytask.learners.names._slots import BALANCING, slot_of

__all__ = [
    "BALANCING",
    "NAME_SETTINGS",
    "ModelName",
    "NameOwner",
    "balances",
    "encoder_settings",
    "has_encoder",
    "inside",
    "is_encoder",
    "model_name",
    "names_encoder",
    "resolve_learner",
    "slot_of",
    "with_inside",
    "with_other_encoder",
    "with_trainer_settings",
]
