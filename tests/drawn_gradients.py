"""Gradients of several tasks, drawn at random."""

import torch


def gradients(seed, n_tasks, n_columns=20):
    """A row per task, of about equal lengths."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_tasks, n_columns, generator=generator, dtype=torch.float64)


def uneven_gradients(seed, n_tasks, n_columns=9, spread=1.0):
    """A row per task, of very different lengths."""
    generator = torch.Generator().manual_seed(seed)
    lengths = 10 ** (spread * torch.randn(n_tasks, 1, generator=generator, dtype=torch.float64))
    return lengths * torch.randn(n_tasks, n_columns, generator=generator, dtype=torch.float64)
