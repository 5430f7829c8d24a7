"""The device and the precision of a training run."""

from __future__ import annotations

import logging
from typing import Any

from lightning_fabric import Fabric

from polytask._naming import suggestion
from polytask._validation import Choice, check, message
from polytask.exceptions import ParameterError

__all__ = ["PRECISIONS", "check_device", "full_precision", "make_fabric"]

_LOG = logging.getLogger("lightning_fabric.utilities.rank_zero")

_NAMES = ("auto", "cpu", "cuda", "gpu", "mps", "tpu")
"""Names of devices that Fabric knows."""

PRECISIONS = Choice(("32-true", "bf16-mixed", "16-mixed"))
_SHORT = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def full_precision(precision: str) -> str:
    """The full name of a precision: ``"bf16"`` is ``"bf16-mixed"``."""
    return _SHORT.get(precision, precision)


def make_fabric(
    accelerator: str, precision: str, owner: str = "Trainer", parameter: str = "accelerator"
) -> Fabric:
    """Lightning Fabric for one device.

    Parameters
    ----------
    accelerator : str
        As in Fabric, maybe with a device's number: ``"cuda:1"``.
    precision : str
    owner, parameter : str
        Whose argument names the device, for errors.

    Raises
    ------
    ParameterError
        If this machine has no such device.
    """
    name, _, number = accelerator.partition(":")
    chosen: Any = name.casefold()
    devices: Any = [int(number)] if number.isdecimal() else 1
    kind: Any = precision
    expected = "an accelerator of this machine, such as 'cpu'"
    if chosen not in _NAMES:
        remedy = suggestion(name, _NAMES)
        raise ParameterError(message(owner, parameter, expected, accelerator, remedy))
    if chosen == "cpu" and number:
        raise ParameterError(message(owner, parameter, expected, accelerator))
    level = _LOG.level
    _LOG.setLevel(logging.WARNING)  # it would repeat the arguments
    try:
        return Fabric(accelerator=chosen, devices=devices, precision=kind)
    except (ValueError, RuntimeError, TypeError, ImportError) as error:
        why = "This machine has no such device, or lacks a package for it."
        raise ParameterError(message(owner, parameter, expected, accelerator, why)) from error
    finally:
        _LOG.setLevel(level)


def check_device(device: str | None, precision: str | None, owner: str) -> None:
    """Refuse a device that this machine lacks, or an unknown precision, before any work.

    Parameters
    ----------
    device, precision : str, optional
        None is not checked.
    owner : str
        Whose arguments they are, for errors.
    """
    wanted = full_precision(precision or "32")
    if precision is not None:
        check(owner, "precision", wanted, PRECISIONS)
    if device is not None:
        make_fabric(device, wanted, owner, "device")
