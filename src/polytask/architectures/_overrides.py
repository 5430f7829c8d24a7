"""Methods of networks that do nothing unless a network defines them."""

from __future__ import annotations

from polytask.architectures._multi_task_module import MultiTaskModule

__all__ = ["overrides"]


def overrides(network: MultiTaskModule, *methods: str) -> bool:
    """Whether a network defines one of these methods of `MultiTaskModule` itself.

    Parameters
    ----------
    network : MultiTaskModule
    *methods : str
        Their names, such as ``"penalty"``.
    """
    kind = type(network)
    return any(getattr(kind, name) is not getattr(MultiTaskModule, name) for name in methods)
