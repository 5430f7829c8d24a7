"""Average of the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from polytask.merging._merging import Merging, Objective, Vectors
from polytask.merging._stacked import stacked

__all__ = ["WeightAveraging"]


@dataclass(frozen=True)
class WeightAveraging(Merging):
    r"""The mean of the networks' weights.

    .. math:: \theta = \frac{1}{K} \sum_k \theta_k = \theta_0 + \frac{1}{K} \sum_k \tau_k

    Notes
    -----
    The uniform soup of the paper, of networks for different tasks instead of one task's runs with
    different settings. A tensor that some networks leave out is the mean over the others.

    References
    ----------
    Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy
    without increasing inference time", ICML 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging import WeightAveraging
    >>> start, tuned = (
    ...     torch.zeros(2),
    ...     {"a": torch.tensor([4.0, 0.0]), "b": torch.tensor([0.0, 2.0])},
    ... )
    >>> WeightAveraging().merge({"w": start}, {task: {"w": w} for task, w in tuned.items()})
    {'w': tensor([2., 1.])}
    """

    def combine(
        self,
        vectors: Vectors,
        *,
        generator: torch.Generator,
        objective: Objective | None = None,
    ) -> Mapping[str, Tensor]:
        """The mean of the task vectors."""
        del generator, objective
        return {name: own.mean(dim=0) for name, own in stacked(vectors).items()}
