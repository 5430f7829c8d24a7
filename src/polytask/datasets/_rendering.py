"""Images of surfaces: light, colors, stripes, haze and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

__all__ = ["Surfaces", "rendered"]

_HAZE = 14.0
"""Metres in which a color fades to 1 / e."""


@dataclass(frozen=True, eq=False)
class Surfaces:
    """What a camera sees at each pixel.

    Attributes
    ----------
    segments : array of shape (size, size)
        Class.
    depth : array of shape (size, size)
    normals : array of shape (3, size, size)
    surface : array of shape (size, size)
        Number of the surface: 0 wall, 1 floor, then the objects.
    """

    segments: Int64[np.ndarray, "size size"]
    depth: Float64[np.ndarray, "size size"]
    normals: Float64[np.ndarray, "3 size size"]
    surface: Int64[np.ndarray, "size size"]


def rendered(
    generator: np.random.Generator, surfaces: Surfaces, noise: float
) -> Float32[np.ndarray, "3 size size"]:
    """An image of surfaces, of which each has a color and stripes of its own.

    Parameters
    ----------
    generator : numpy.random.Generator
    surfaces : Surfaces
    noise : float
        Standard deviation of the noise of pixels.
    """
    n_surfaces = int(surfaces.surface.max()) + 1
    colors = generator.uniform(0.2, 0.9, (n_surfaces, 3))
    angles = generator.uniform(0, np.pi, n_surfaces)
    waves = generator.uniform(2.0, 6.0, n_surfaces)
    contrast = generator.uniform(0.0, 0.25, n_surfaces)
    v, u = np.mgrid[: len(surfaces.depth), : len(surfaces.depth)] / len(surfaces.depth)
    own = surfaces.surface
    along = (np.cos(angles[own]) * u + np.sin(angles[own]) * v) * surfaces.depth
    stripes = 1 + contrast[own] * np.sign(np.sin(2 * np.pi * waves[own] * along / 2))
    side = generator.uniform(-1.0, 1.0)
    light = np.array([side, -1.0, -1.0]) / np.sqrt(2 + side**2)
    shade = 0.35 + 0.65 * np.clip(np.einsum("c,chw->hw", light, surfaces.normals), 0.0, 1.0)
    haze = np.exp(-surfaces.depth / _HAZE)
    bright = colors[own].transpose(2, 0, 1) * stripes * shade
    image = bright * haze + 0.7 * (1 - haze)
    image = image + noise * generator.standard_normal(image.shape)
    return np.clip(image, 0.0, 1.0).astype(np.float32)
