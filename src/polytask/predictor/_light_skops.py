"""Import of skops without torch.

On import skops visits all modules of scikit-learn, one of which is a namespace around torch. An
empty module in its place avoids the import of torch; it is removed right afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["UnsupportedTypeException", "skops_io"]

_TORCH_NAMESPACE = "sklearn.externals.array_api_compat.torch"


@contextmanager
def _without_torch() -> Iterator[None]:
    if "torch" in sys.modules or _TORCH_NAMESPACE in sys.modules:
        yield
        return
    sys.modules[_TORCH_NAMESPACE] = ModuleType(_TORCH_NAMESPACE)
    try:
        yield
    finally:
        del sys.modules[_TORCH_NAMESPACE]


with _without_torch():
    import skops.io as skops_io
    from skops.io.exceptions import UnsupportedTypeException
