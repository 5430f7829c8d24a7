"""Products of the gradients of many outputs with few directions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients._flattening import flatten
from polytask.gradients._per_task_jacobian import per_task_jacobian

__all__ = ["projected_gradients"]

_AT_ONCE = 256
"""Outputs whose gradients are held at once where they are found by backward passes."""

Parameters = Mapping[str, Tensor]


def projected_gradients(
    function: Callable[[Parameters], Float[Tensor, " m"]],
    parameters: Parameters,
    directions: Sequence[Parameters],
) -> tuple[Float[Tensor, " m"], Float[Tensor, "m d"]]:
    r"""Outputs of a function of parameters, and their slopes along directions.

    .. math:: S_{ij} = \nabla f_i(\theta)^\top p_j

    One forward pass per direction gives the slopes of all outputs, however many there are. Where an
    operation has no derivative in forward mode, such as a recurrent layer, there is a backward pass per
    output in its place.

    Parameters
    ----------
    function : callable
        Maps parameters by name to a vector.
    parameters : mapping of str to tensor
        The point :math:`\theta`; without a graph of its own.
    directions : sequence of mappings of str to tensor
        The :math:`p_j`, each of the names and shapes of the parameters.

    Returns
    -------
    values : tensor of shape (m,)
    slopes : tensor of shape (m, d)

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import projected_gradients
    >>> point, direction = {"x": torch.tensor([1.0, 2.0])}, {"x": torch.tensor([1.0, 0.0])}
    >>> projected_gradients(lambda at: at["x"] ** 2, point, [direction])[1]
    tensor([[2.],
            [0.]])
    """
    point = {name: tensor.detach() for name, tensor in parameters.items()}
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # torch's own rules of forward mode are scripts, of which torch says that they are old
            warnings.filterwarnings("ignore", "`torch.jit.script`", DeprecationWarning)
            passes = [torch.func.jvp(function, (point,), (dict(one),)) for one in directions]
    except (RuntimeError, NotImplementedError):
        return _by_outputs(function, point, directions)
    return passes[0][0], torch.stack([one[1] for one in passes], dim=1)


@graphs_on()
def _by_outputs(
    function: Callable[[Parameters], Tensor], point: Parameters, directions: Sequence[Parameters]
) -> tuple[Tensor, Tensor]:
    """A backward pass per output."""
    trained = {name: tensor.clone().requires_grad_() for name, tensor in point.items()}
    matrix = torch.stack([torch.cat([flatten(one[n]) for n in trained]) for one in directions], 1)
    values = function(trained)
    slopes = [
        per_task_jacobian(part, trained.values()) @ matrix for part in torch.split(values, _AT_ONCE)
    ]
    return values.detach(), torch.cat(slopes)
