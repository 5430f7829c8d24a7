"""Device and precision of networks among learners."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._learner import Learner
from polytask.exceptions import ParameterError
from polytask.learners._ensemble import Ensemble
from polytask.neural_network import MultiTaskNetwork

__all__ = ["on_device"]


def on_device(
    learners: Sequence[Learner], device: str | None, precision: str | None, owner: str
) -> list[Learner]:
    """Return the learners, with networks set to a device and a precision.

    Parameters
    ----------
    learners : sequence of Learner
    device : str, optional
        As `accelerator` of Trainer; None leaves it to each network.
    precision : str, optional
        As `precision` of Trainer, also abbreviated: ``"bf16"``.
    owner : str
        Whose arguments they are, for errors.

    Raises
    ------
    ParameterError
        If this machine has no such device, the precision is unknown, or no learner is a network.
    """
    if device is None and precision is None:
        return list(learners)
    from polytask.training import check_device, full_precision

    check_device(device, precision, owner)
    if not any(map(_trains_networks, learners)):
        named = ", ".join(learner.name for learner in learners)
        given = " and ".join(
            f"`{name}`" for name, value in (("device", device), ("precision", precision)) if value
        )
        sentence = (
            f"{given} of {owner} {'are' if ' and ' in given else 'is'} about networks, and {named} "
            f"{'are' if len(learners) > 1 else 'is'} none. Leave it out, or choose a network such "
            "as hard_sharing."
        )
        raise ParameterError(sentence)
    settings = {} if device is None else {"trainer.accelerator": device}
    settings |= {} if precision is None else {"trainer.precision": full_precision(precision)}
    return [
        learner.configured(settings) if _trains_networks(learner) else learner
        for learner in learners
    ]


def _trains_networks(learner: Learner) -> bool:
    """Whether a learner is a network or an ensemble of them."""
    inner = learner.learner if isinstance(learner, Ensemble) else learner
    return isinstance(inner, MultiTaskNetwork)
