"""One vector for all steps of a text, of tokens or of a sequence, or for an image."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._image_grid import ImageGrid

__all__ = [
    "StepStatistics",
    "WordMean",
    "forgotten_words",
    "has_vectors",
    "present_steps",
    "step_vectors",
]

_UNKNOWN = 1
"""Code of words that training did not have."""
_ROWS = 1024
"""Rows whose words have vectors in memory at once, where no gradient needs them."""


def has_vectors(part: Part) -> bool:
    """Whether `step_vectors` maps such a part to vectors: one with steps, or an image."""
    return part.has_steps or part.has_pixels


def step_vectors(part: Part, width: int) -> WordMean | StepStatistics | ImageGrid:
    """The module that maps a part with steps, or an image, to one vector per row.

    Parameters
    ----------
    part : Part
    width : int
        Length of the vectors of words and tokens.
    """
    if part.has_pixels:
        return ImageGrid(part)
    if part.role == "sequence":
        return StepStatistics(part.shape[-1])
    return WordMean(part.cardinalities[0], width)


class WordMean(nn.Embedding):
    r"""Mean of the vectors of a row's words or tokens; 0 for a row without any.

    .. math:: h_i = \frac{1}{n_i} \sum_{j=1}^{n_i} w_{c_{ij}}

    with the :math:`n_i` steps of row i and their codes :math:`c_{ij}`.

    Parameters
    ----------
    n_codes : int
        Codes of a step: 0 for none, 1 for an unknown word, then known ones.
    width : int

    Notes
    -----
    All vectors are 0 at first, so that words which no row teaches leave the mean's direction as it
    is.

    References
    ----------
    .. [1] Joulin, Grave, Bojanowski, Mikolov, "Bag of tricks for efficient text classification",
       EACL 2017.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._step_vectors import WordMean
    >>> words = WordMean(4, width=1)
    >>> _ = torch.nn.init.constant_(words.weight[2:], 3.0)
    >>> words(torch.tensor([[2, 3, 0], [1, 2, 0], [0, 0, 0]])).detach()
    tensor([[3.0000],
            [1.5000],
            [0.0000]])
    """

    def __init__(self, n_codes: int, width: int) -> None:
        super().__init__(n_codes, width)
        self.width = width

    def reset_parameters(self) -> None:
        """Set all vectors to 0."""
        nn.init.zeros_(self.weight)

    def forward(self, codes: Int[Tensor, "n l"]) -> Float[Tensor, "n w"]:
        """Means (n, width) of the vectors of codes (n, l)."""
        if torch.is_grad_enabled() or len(codes) <= _ROWS:
            return self._means(codes)
        return torch.cat([self._means(some) for some in torch.split(codes, _ROWS)])

    def _means(self, codes: Tensor) -> Tensor:
        vectors = super().forward(codes)
        present = (codes > 0).to(vectors.dtype)
        shares = present / present.sum(dim=1, keepdim=True).clamp(min=1)
        return torch.einsum("nl,nlw->nw", shares, vectors)


class StepStatistics(nn.Module):
    """Mean, deviation, least, greatest, first and last number of every channel, and log(1 + length).

    Rows without a step are 0 in all of them.

    Parameters
    ----------
    n_channels : int

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._step_vectors import StepStatistics
    >>> rows = torch.tensor([[[1.0], [3.0], [torch.nan]], [[torch.nan]] * 3])
    >>> StepStatistics(1)(rows)[:, :6]
    tensor([[2., 1., 1., 3., 1., 3.],
            [0., 0., 0., 0., 0., 0.]])
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.width = 6 * n_channels + 1

    def forward(self, steps: Float[Tensor, "n l k"]) -> Float[Tensor, "n w"]:
        """Statistics (n, width) of standardised numbers (n, l, k), NaN where there is no step."""
        present = present_steps(steps)
        lengths = present.sum(dim=1)
        counts = lengths.clamp(min=1).unsqueeze(-1)
        mask = present.unsqueeze(-1)
        values = steps.masked_fill(~mask, 0.0)
        mean = values.sum(dim=1) / counts
        deviation = ((values - mean.unsqueeze(1)) * mask).square().sum(dim=1).div(counts).sqrt()
        least = steps.masked_fill(~mask, torch.inf).amin(dim=1)
        greatest = steps.masked_fill(~mask, -torch.inf).amax(dim=1)
        rows = torch.arange(len(steps), device=steps.device)
        columns = torch.cat(
            [
                mean,
                deviation,
                least,
                greatest,
                values[:, 0],
                values[rows, lengths.clamp(min=1) - 1],
            ],
            dim=1,
        )
        filled = columns.masked_fill((lengths == 0).unsqueeze(1), 0.0)
        return torch.cat([filled, lengths.unsqueeze(1).to(filled.dtype).log1p()], dim=1)


def present_steps(array: Tensor) -> Bool[Tensor, "*n l"]:
    """Which steps rows have, of codes (…, l) those above 0, of sequences (…, l, k) those not NaN."""
    return ~array[..., 0].isnan() if array.is_floating_point() else array > 0


def forgotten_words(codes: Int[Tensor, "n l"], share: float) -> Int[Tensor, "n l"]:
    """Codes of which a share is taken for unknown words, so that their vector is that of any."""
    if not share:
        return codes
    chosen = torch.rand(codes.shape, device=codes.device) < share
    return torch.where(chosen & (codes > 0), _UNKNOWN, codes)
