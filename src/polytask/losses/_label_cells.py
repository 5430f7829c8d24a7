"""Log-probabilities and weights of the label in each cell: of two classes, of several, or of a step."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, log_softmax
from torch.nn.functional import logsigmoid

__all__ = ["label_log_probabilities", "label_weights"]


def label_log_probabilities(
    scores: Float[Tensor, "..."], values: Float[Tensor, "*rows c"]
) -> Float[Tensor, "*rows c"]:
    """Log-probability of the label in each cell, from log-odds or from scores of exclusive classes.

    Parameters
    ----------
    scores : tensor of shape (*rows, c), (*rows, n_classes) with one cell, or (*rows, c, n_classes)
        Log-odds of yes-or-no cells; scores of one label's classes; those of a label at each step.
    values : tensor of shape (*rows, c)
        Codes of classes, 1 and 0 for yes and no.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses._label_cells import label_log_probabilities
    >>> label_log_probabilities(torch.zeros(1, 4), torch.tensor([[2.0]])).exp()
    tensor([[0.2500]])
    """
    if scores.shape == values.shape:
        return logsigmoid(scores * (2 * values - 1))
    logs = log_softmax(scores, dim=-1)
    codes = values.long()
    if scores.ndim > values.ndim:
        return logs.gather(-1, codes.unsqueeze(-1)).squeeze(-1)
    return logs.gather(-1, codes)


def label_weights(
    weights: Float[Tensor, "... n_classes"],
    scores: Float[Tensor, "..."],
    values: Float[Tensor, "*rows c"],
) -> Float[Tensor, "*rows c"]:
    """Weight of the class in each cell.

    Parameters
    ----------
    weights : tensor of shape (n_tasks, n_classes) or (rows, n_classes)
    scores, values
        As in `label_log_probabilities`.
    """
    if scores.shape == values.shape:
        yes, no = weights[..., 1].unsqueeze(-1), weights[..., 0].unsqueeze(-1)
        return yes * values + no * (1 - values)
    codes = values.long()
    if scores.ndim > values.ndim:
        of_steps = weights.unsqueeze(-2).expand_as(scores)
        return of_steps.gather(-1, codes.unsqueeze(-1)).squeeze(-1)
    return weights.expand_as(scores).gather(-1, codes)
