"""Training in float64, in which rounding does not hide a wrong number."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch


@contextmanager
def in_double():
    """Let networks, rows and losses of the context be float64, which the trainer does not offer."""
    from polytask.training import _fitting, _stack_table
    from polytask.training._tensors import to_tensors

    def doubled(batch, device=None):
        def wide(array):
            return array.astype(np.float64) if array.dtype.kind == "f" else array

        return to_tensors({name: rows.map(wide) for name, rows in batch.items()}, device)

    with pytest.MonkeyPatch.context() as patch:
        torch.set_default_dtype(torch.float64)
        patch.setattr(torch, "set_default_dtype", lambda dtype: None)  # as `torch_defaults` does
        patch.setattr(torch.Tensor, "float", torch.Tensor.double)
        patch.setattr(torch, "float32", torch.float64)
        for module in (_fitting, _stack_table):
            patch.setattr(module, "to_tensors", doubled)
        try:
            yield
        finally:
            patch.undo()
            torch.set_default_dtype(torch.float32)
