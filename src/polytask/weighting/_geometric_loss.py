"""The geometric mean of the losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Each, Interval, check_parameters, message
from polytask.exceptions import ParameterError
from polytask.weighting._positive_losses import require_not_negative, smallest
from polytask.weighting._weighting import Weighting

__all__ = ["GeometricLoss"]


@dataclass
class GeometricLoss(Weighting):
    r"""The geometric mean of the losses, to which every task contributes in relative terms.

    .. math:: \varphi(\ell) = \prod_k \ell_k^{1/n} \, \Bigl[\prod_{k \in F} \ell_k^{1/m}\Bigr],
              \qquad w_k = \frac{\varphi(\ell)}{\ell_k}
              \Bigl(\frac1n + \Bigl[\frac{1}{m} \text{ if } k \in F\Bigr]\Bigr)

    over the n tasks present; the second factor is present where `focus` names m tasks F.
    Losses must not be negative.

    Parameters
    ----------
    focus : tuple of int, optional
        Numbers of the tasks to focus on, counted from 0. The scalar is then of the second
        degree in the losses.

    Raises
    ------
    ParameterError
        If a focused task does not exist, or a loss is negative.

    Notes
    -----
    Known as the geometric loss strategy, GLS. The mean is that of the tasks present, so that the
    scalar keeps the losses' unit when one is absent. A loss of exactly 0 counts as the smallest
    positive number and weighs 0: it cannot fall further. The whole product then vanishes, and
    with it the others' weights. Products are computed by logarithms, which
    neither overflow nor vanish for many tasks. Deviation from LibMTL: reported weights are the
    gradient of the scalar, not :math:`\ell_k / (n \prod_j \ell_j)`.

    References
    ----------
    Chennupati, Sistu, Yogamani & Rawashdeh, "MultiNet++: multi-stream feature aggregation and
    geometric loss strategy for multi-task learning", CVPR Workshops 2019.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import GeometricLoss
    >>> losses, present = torch.tensor([0.5, 2.0]), torch.tensor([True, True])
    >>> GeometricLoss().weights(losses, present)
    tensor([1.0000, 0.2500])
    >>> GeometricLoss(focus=(1,)).weights(losses, present)
    tensor([2.0000, 1.5000])
    """

    focus: tuple[int, ...] = ()
    _focused: Tensor = field(init=False, repr=False, compare=False)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"focus": Each(Interval(int, 0))}

    def __post_init__(self) -> None:
        check_parameters(self)
        self.focus = tuple(self.focus)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Check that the focused tasks exist."""
        del generator
        if self.focus and max(self.focus) >= n_tasks:
            expected = f"numbers of tasks from 0 to {n_tasks - 1}"
            raise ParameterError(message("GeometricLoss", "focus", expected, self.focus))
        self._focused = torch.zeros(n_tasks, dtype=torch.bool, device="cpu")
        self._focused[list(self.focus)] = True
        self._focused = self._focused.to(device)

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Geometric mean of the tasks present, 0 for none."""
        return self._product(self._safe(losses, present), self._exponents(losses, present))

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The product times the exponents over the losses."""
        exponents = self._exponents(losses, present)
        safe = self._safe(losses.detach(), present)
        weights = self._product(safe, exponents) * exponents / safe
        return torch.where(losses >= smallest(losses), weights, 0.0)

    def _safe(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        require_not_negative("GeometricLoss", losses)
        return torch.where(present, losses, 1.0).clamp(min=smallest(losses))

    def _product(
        self, safe: Float[Tensor, " n_tasks"], exponents: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        return torch.exp(torch.dot(exponents, torch.log(safe))) * exponents.any()

    def _exponents(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        exponents = _shares(present, losses)
        if not self.focus:
            return exponents
        if not hasattr(self, "_focused"):
            self.start(len(losses), device=losses.device)
        return exponents + _shares(present & self._focused, losses)


def _shares(
    members: Bool[Tensor, " n_tasks"], losses: Float[Tensor, " n_tasks"]
) -> Float[Tensor, " n_tasks"]:
    """One over the number of members, for each of them."""
    return members.to(losses.dtype) / members.sum().clamp(min=1)
