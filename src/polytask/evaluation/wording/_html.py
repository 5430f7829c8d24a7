"""The comparison as HTML for notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from polytask.evaluation.wording._terminal_table import table_rows

__all__ = ["as_html"]


def as_html(
    comparison: Mapping[str, Any],
    verdict: Sequence[str],
    notes: Sequence[str],
    settings: str = "",
) -> str:
    """Table, verdict and notes as a fragment of HTML.

    Parameters
    ----------
    comparison : mapping
        As `Comparison.to_dict` gives it.
    verdict : sequence of str
        Its sentences, the headline first.
    notes : sequence of str
    settings : str
        What is said of settings below the table.
    """
    head, rows = table_rows(comparison)
    headline, *sentences = verdict
    return "".join(
        [
            "<table><thead>",
            _line(head, "th"),
            "</thead><tbody>",
            *(_line(row, "td") for row in rows),
            "</tbody></table>",
            *([f"<p><small>{escape(settings)}</small></p>"] if settings else []),
            f"<p><strong>{escape(headline)}</strong></p>",
            *(f"<p>{escape(sentence)}</p>" for sentence in sentences),
            *(f"<p><small>note: {escape(note)}</small></p>" for note in notes),
        ]
    )


def _line(cells: Sequence[str], kind: str) -> str:
    aligned = [
        f'<{kind} style="text-align:{"right" if position else "left"}">{escape(cell)}</{kind}>'
        for position, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(aligned)}</tr>"
