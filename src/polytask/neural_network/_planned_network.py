"""Facts on a network that are known before training: why it cannot be built, and its size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary, ref

import torch

from polytask.architectures import Architecture, HardSharing, MultiTaskModule
from polytask.architectures._limited_size import TooLargeError, within_memory
from polytask.data import MultiTaskDataset, Schema, fit_schemas
from polytask.encoders._weight_files import reported_weights
from polytask.exceptions import ParameterError

__all__ = ["PlannedNetwork", "plan_network", "shares_parameters", "size_note"]

_MANY_PARAMETERS = 50_000_000
_BIN_ROWS = 1000
"""Rows that bins are learned from for a plan, in which only their number matters."""
_BYTES = 4
_COPIES_IN_TRAINING = 4
"""Of every parameter: itself, its gradient and the two averages of Adam."""


@dataclass(frozen=True)
class PlannedNetwork:
    """What is known of the network of an architecture for a data set.

    Attributes
    ----------
    refusal : str or None
        Why the architecture builds no network.
    n_parameters : int or None
        None where the network could not be planned.
    shares : bool or None
        Whether tasks share parameters; None where the network could not be planned.
    weights : tuple of str
        Sentences on the files that its weights start from.
    apart : bool
        Whether it holds one network per task, each trained alone; False where it could not be planned.
    """

    refusal: str | None = None
    n_parameters: int | None = None
    shares: bool | None = None
    weights: tuple[str, ...] = ()
    apart: bool = False


_Plans = list[tuple[Callable[[], Architecture | None], PlannedNetwork]]
_PLANS: WeakKeyDictionary[MultiTaskDataset, _Plans] = WeakKeyDictionary()
"""Plans of architectures by data set; neither changes, and a plan goes with either of them."""


def plan_network(architecture: Architecture, data: MultiTaskDataset) -> PlannedNetwork:
    """Plan the network of an architecture for a data set, once for the two objects."""
    plans = [(known, planned) for known, planned in _PLANS.get(data, []) if known() is not None]
    for known, planned in plans:
        if known() is architecture:
            return planned
    planned = _planned(architecture, data)
    _PLANS[data] = [*plans, (ref(architecture), planned)]
    return planned


def size_note(architecture: Architecture, data: MultiTaskDataset) -> str | None:
    """A sentence on a network of more than 50 million parameters; None if it is smaller."""
    n_parameters = plan_network(architecture, data).n_parameters
    if n_parameters is None or n_parameters <= _MANY_PARAMETERS:
        return None
    weights = n_parameters * _BYTES / 1e9
    one_trunk = isinstance(architecture, HardSharing)
    return (
        f"The network of {architecture.name} for {len(data.tasks)} tasks has "
        f"{n_parameters / 1e6:,.0f} million parameters: {weights:.1f} GB, and with gradients and "
        f"Adam's averages {weights * _COPIES_IN_TRAINING:.1f} GB in training. Narrower stages of "
        f"its encoder{'' if one_trunk else ', fewer tasks, or one trunk for all tasks (hard_sharing)'} "
        "need less."
    )


def shares_parameters(network: MultiTaskModule) -> bool:
    """Whether several tasks share trainable parameters of a network."""
    return bool(network.shared_parameters())


def _planned(architecture: Architecture, data: MultiTaskDataset) -> PlannedNetwork:
    """Build the network on the meta device, where it takes no memory."""
    try:
        schemas = _schemas(architecture, data)
        within = within_memory(architecture.name, len(data.tasks))
        with torch.device("meta"), within, reported_weights() as weights:
            network = architecture.build(schemas, data.tasks, 0)
        n_parameters = sum(p.numel() for p in network.parameters())
        reports = tuple(dict.fromkeys(weights))
        shares = shares_parameters(network)
        return PlannedNetwork(None, n_parameters, shares, reports, network.apart)
    except TooLargeError as error:
        return PlannedNetwork(str(error))
    except ParameterError:
        return PlannedNetwork(_refusal(architecture, data))
    except Exception:  # noqa: BLE001 - a module may need values, which the meta device has not
        return PlannedNetwork()


def _schemas(architecture: Architecture, data: MultiTaskDataset) -> dict[str, Schema]:
    return fit_schemas(
        data, architecture.bins, bin_rows=_BIN_ROWS, tokenizer=architecture.tokenizer
    )


def _refusal(architecture: Architecture, data: MultiTaskDataset) -> str | None:
    """What building the network says, on the CPU: modules that need values fail without them."""
    try:
        schemas = _schemas(architecture, data)
        with within_memory(architecture.name, len(data.tasks)):
            architecture.build(schemas, data.tasks, 0)
    except ParameterError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - raised when it is fitted, as that of one learner
        return None
    return None
