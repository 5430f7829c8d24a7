"""Conflicts between the tasks' gradients, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float64
from torch import Tensor, nn

from polytask._torch_defaults import graphs_on
from polytask._validation import Constraint, Interval, check_parameters
from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.exceptions import UnservedNeedError
from polytask.gradients import gramian
from polytask.losses import MultiTaskLoss
from polytask.observers._observer import BATCHES, Observer
from polytask.observers._rounded import rounded
from polytask.observers._view import View

__all__ = ["StageConflict"]

_MOST_STAGES = 60


@dataclass(frozen=True)
class StageConflict(Observer):
    r"""How far the tasks' gradients conflict in every shared stage of a network: where to branch.

    .. math:: c_{ij}^s = \frac{g_i^{s\top} g_j^s}{\|g_i^s\| \, \|g_j^s\|}, \qquad
              \Phi_{ij}^s = \frac{2 \|g_i^s\| \, \|g_j^s\|}{\|g_i^s\|^2 + \|g_j^s\|^2}

    with the gradient :math:`g_i^s` of task i's mean loss on a training batch at the shared parameters of
    stage s. Means are over all pairs of tasks and batches in which both have a gradient that is not zero.

    Parameters
    ----------
    n_batches : int, default 2
        Training batches, the same at every evaluation. Each costs a forward pass, and a
        backward pass per task and stage.

    Notes
    -----
    `observe` returns, rounded to four decimals, lists with a value per stage:

    - ``stages``: their names, from the inputs up, by the modules that hold the parameters;
    - ``negative``: the share of cosines :math:`c` that are negative, which the paper calls conflicting;
    - ``mean``: the mean cosine;
    - ``magnitude``: the mean magnitude similarity :math:`\Phi`, 1 for gradients of one length, near 0
      where one task dominates.

    A stage whose share of conflicts is higher than that of those below is where tasks want features of
    their own: `polytask.architectures.HardSharing` with `shared_stages`, or `Branching`. Of more than 60
    stages the first are kept.

    Deviations: gradients are those of minibatches in evaluation mode, without dropout and with the
    statistics that batch norm has stored, before the weights of balancing; the paper's third measure, of
    curvature, is left out.

    References
    ----------
    Yu, Kumar, Gupta, Levine, Hausman & Finn, "Gradient surgery for multi-task learning",
    NeurIPS 2020.

    Guo, Lee & Ulbricht, "Learning to branch for multi-task learning", ICML 2020, who learn where to branch.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP
    >>> from polytask.observers import StageConflict
    >>> from polytask.testing import tiny_dataset
    >>> from polytask.training import Trainer
    >>> trainer = Trainer(steps=5, observers=(StageConflict(n_batches=1),))
    >>> trained = trainer.fit(HardSharing(MLP((8, 8))), tiny_dataset(["regression", "binary"]))
    >>> trained.history.epochs[0].observed["stage_conflict"]["stages"]
    ['inputs 1', 'trunk 1', 'trunk 2']
    """

    n_batches: int = 2

    needs: ClassVar[frozenset[str]] = frozenset({BATCHES})
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_batches": Interval(int, 1, 1000)
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def needs_sharing(self) -> bool:
        """True: without shared parameters there is no conflict."""
        return True

    @graphs_on()
    def observe(self, view: View) -> dict[str, Any]:
        """Measure conflicts on the batches of a view."""
        if not view.batches:
            raise UnservedNeedError("StageConflict needs `batches` in its view. Give them.")
        network = view.network
        stages = _shared_stages(network)
        device = next(network.parameters()).device
        loss = MultiTaskLoss(network.blocks, network.tasks).to(device)
        gramians = torch.stack([_gramians(network, loss, b, stages) for b in view.batches])
        values = [_measures(of_stage) for of_stage in gramians.unbind(dim=1)]
        return {
            "stages": list(stages),
            **{name: [one[name] for one in values] for name in ("negative", "mean", "magnitude")},
        }


def _shared_stages(network: MultiTaskModule) -> dict[str, list[nn.Parameter]]:
    """Shared parameters by stage: by the module, up to the first of a list, that holds them."""
    shared = set(map(id, network.shared_parameters()))
    stages: dict[str, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if id(parameter) in shared:
            stages.setdefault(_stage(name), []).append(parameter)
    return dict(list(stages.items())[:_MOST_STAGES])


def _stage(name: str) -> str:
    """``trunk.0.linear.weight`` is of ``trunk 1``, and ``towers.weight`` of ``towers``."""
    words: list[str] = []
    for part in name.split(".")[:-1] or [name]:
        if part.isdecimal():
            return " ".join([*words, str(int(part) + 1)])
        words.append(part)
    return words[0]


def _gramians(
    network: MultiTaskModule,
    loss: MultiTaskLoss,
    batch: Batch,
    stages: Mapping[str, Sequence[nn.Parameter]],
) -> Float64[Tensor, "s k k"]:
    full = network.with_members(batch)
    sums, counts = loss.sums(network(full), full)
    losses, present = sums / counts.clamp(min=1e-30), counts > 0
    products = [gramian(losses, own, present=present).double().cpu() for own in stages.values()]
    return torch.stack(products)


def _measures(gramians: Float64[Tensor, "b k k"]) -> dict[str, Any]:
    """Means over pairs and batches; None where no two tasks have a gradient."""
    squares = gramians.diagonal(dim1=1, dim2=2)
    norms = squares.sqrt()
    products = norms[:, :, None] * norms[:, None, :]
    cosines = (gramians / products).clamp(-1.0, 1.0)
    upper = torch.ones_like(gramians, dtype=torch.bool).triu(diagonal=1)
    defined: Bool[Tensor, "b k k"] = cosines.isfinite() & products.isfinite() & upper
    ratios = 2 * products / (squares[:, :, None] + squares[:, None, :])
    return {
        "negative": rounded((cosines[defined] < 0).double().mean()),
        "mean": rounded(cosines[defined].mean()),
        "magnitude": rounded(ratios[defined].mean()),
    }
