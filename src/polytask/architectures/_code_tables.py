"""Tables of category vectors in a network."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from polytask.architectures._copies import Copies
from polytask.encoders._code_table import CodeTable

__all__ = ["code_tables"]


def code_tables(network: nn.Module) -> list[tuple[nn.Parameter, CodeTable]]:
    """Vectors of categories, (…, n_codes, width), with the table that states their columns.

    Leading axes are those of stacked copies, of which the table is one.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures._code_tables import code_tables
    >>> from polytask.encoders._code_table import CodeTable
    >>> ((weight, table),) = code_tables(nn.ModuleList([CodeTable([3, 4], width=2)]))
    >>> weight.shape, table.cardinalities
    (torch.Size([7, 2]), (3, 4))
    """
    parameters = dict(network.named_parameters(remove_duplicate=False))
    return [(parameters[name], table) for name, table in _named(network)]


def _named(module: nn.Module) -> Iterator[tuple[str, CodeTable]]:
    """Tables by the names of their vectors among the parameters of a module."""
    for name, inner in module.named_modules():
        prefix = f"{name}." if name else ""
        if isinstance(inner, CodeTable):
            yield f"{prefix}weight", inner
        elif isinstance(inner, Copies):
            tables = dict(_named(inner.template))
            names = inner.stacked_names().items()
            yield from ((f"{prefix}{flat}", tables[own]) for flat, own in names if own in tables)
