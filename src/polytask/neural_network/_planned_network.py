"""What can be told of a network before it is built: why it cannot be, and how large it is."""

from __future__ import annotations

import torch

from polytask._listing import count
from polytask.architectures import Architecture, MultiTaskModule
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.exceptions import ParameterError

__all__ = ["misfit", "size_note"]

_MANY_PARAMETERS = 50_000_000
_BYTES = 4
_COPIES_IN_TRAINING = 4
"""Of every parameter: itself, its gradient and the two averages of Adam."""


def misfit(architecture: Architecture, data: MultiTaskDataset) -> str | None:
    """The reason why an architecture builds no network for a data set; None if it builds one."""
    try:
        _n_parameters(architecture, data)
    except ParameterError:
        return _refusal(architecture, data)
    return None


def size_note(architecture: Architecture, data: MultiTaskDataset) -> str | None:
    """A sentence on a network of more than 50 million parameters; None if it is smaller."""
    n_parameters = _n_parameters(architecture, data)
    if n_parameters is None or n_parameters <= _MANY_PARAMETERS:
        return None
    weights = n_parameters * _BYTES / 1e9
    return (
        f"The network of {architecture.name} for {count(len(data.tasks), 'task')} has "
        f"{n_parameters / 1e6:,.0f} million parameters: {weights:.1f} GB, and with gradients and "
        f"Adam's averages {weights * _COPIES_IN_TRAINING:.1f} GB in training. Narrower stages of "
        "its encoder, fewer tasks, or one trunk for all tasks (hard_sharing) need less."
    )


def _n_parameters(architecture: Architecture, data: MultiTaskDataset) -> int | None:
    """Parameters of the network; None where it cannot be planned."""
    network = planned_network(architecture, data)
    return None if network is None else sum(p.numel() for p in network.parameters())


def planned_network(architecture: Architecture, data: MultiTaskDataset) -> MultiTaskModule | None:
    """The network on the meta device, where it takes no memory; None where it cannot be built so.

    Raises
    ------
    ParameterError
        If the architecture does not fit the data.
    """
    try:
        schemas = fit_schemas(data)
        with torch.device("meta"):
            return architecture.build(schemas, data.tasks, 0)
    except ParameterError:
        raise
    except Exception:  # noqa: BLE001 - a module may need values, which the meta device has not
        return None


def _refusal(architecture: Architecture, data: MultiTaskDataset) -> str | None:
    """What building the network says, on the CPU: modules that need values fail without them."""
    try:
        architecture.build(fit_schemas(data), data.tasks, 0)
    except ParameterError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - raised when it is fitted, as that of one learner
        return None
    return None
