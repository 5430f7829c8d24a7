"""skops, imported without torch.

On import skops walks all modules of scikit-learn, of which one is a namespace around torch. A
stand-in for that module keeps torch out, if nobody has loaded it before; it goes at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["UnsupportedTypeException", "skops_io"]

_AROUND_TORCH = "sklearn.externals.array_api_compat.torch"


@contextmanager
def _standing_in() -> Iterator[None]:
    if "torch" in sys.modules or _AROUND_TORCH in sys.modules:
        yield
        return
    sys.modules[_AROUND_TORCH] = ModuleType(_AROUND_TORCH)
    try:
        yield
    finally:
        del sys.modules[_AROUND_TORCH]


with _standing_in():
    import skops.io as skops_io
    from skops.io.exceptions import UnsupportedTypeException
