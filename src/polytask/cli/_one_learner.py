"""The only learner of a command, with encoder, balancing, augmentation and settings."""

from __future__ import annotations

from polytask.cli._augmentations import with_augmentation
from polytask.cli._balancing import balanced, balancing, check_sampler
from polytask.cli._encoders import with_encoder
from polytask.cli._learners import named_learner, searching_learners
from polytask.cli._observers import with_observers
from polytask.cli._set_option import with_settings
from polytask.cli._settings import FitSettings, RelationSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset
from polytask.learners import Learner
from polytask.learners._as_learner import encoder_note

__all__ = ["one_learner"]


def one_learner(
    options: FitSettings | RelationSettings, data: MultiTaskDataset, voice: Voice
) -> Learner:
    """The model that the options name, as they set it.

    Parameters
    ----------
    options : FitSettings or RelationSettings
    data : MultiTaskDataset
    voice : Voice
        Says which encoder suits the tasks if none is given.
    """
    methods = balancing(options)
    check_sampler(options, data)
    learners = with_encoder([_named(options, data, voice)], options)
    learners = balanced(learners, methods)
    learners = with_observers(learners, options.observer)
    learners = with_augmentation(learners, options.augmentation)
    (learner,) = with_settings(learners, options, voice.warning)
    return learner


def _named(
    options: FitSettings | RelationSettings, data: MultiTaskDataset, voice: Voice
) -> Learner:
    """The model that is named, with the encoder that suits the tasks if none is given."""
    if options.encoder is not None:
        return named_learner(options.model)
    learner = named_learner(options.model, data.tasks)
    if (note := encoder_note(options.model, data.tasks, searching_learners())) is not None:
        voice.warning(note)
    return learner
