"""The tables of the benchmark of statistics, and the file that keeps their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from statistics_cell import Cell
from statistics_cells import BOUNDS

__all__ = ["print_tables", "read", "write"]

Found = Mapping[str, Mapping[str, float]]

_TITLES = {
    "a": "Null (a): exchangeable models. Called at 5 %, by test rows",
    "b": "Null (b): equal expected metric, twice the noise or five degrees of freedom in one model",
    "c": "Null (c): a shift between seeds, in standard errors of the units",
    "d": "Null (d): groups of 4 and 16 rows, intraclass correlation 0.3",
    "e": "Null (e): ten tasks, some task called after Holm's correction",
}


def read(path: Path | None) -> dict[str, dict[str, float]]:
    """What is known from earlier runs."""
    if path is None or not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(json.loads(line) for line in lines)


def write(path: Path | None, key: str, numbers: Mapping[str, float]) -> None:
    """Add a cell."""
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, numbers]) + "\n")


def print_tables(cells: Sequence[Cell], found: Found) -> None:
    """All tables in Markdown, with what lies beyond its bound in bold."""
    known = [cell for cell in cells if cell.key in found]
    for part, title in _TITLES.items():
        chosen = [cell for cell in known if cell.part == part]
        if chosen:
            print(f"\n**{title}; at most {100 * BOUNDS[part]:g} %**\n")
            _grid(chosen, {cell.key: _percent(found[cell.key], BOUNDS[part]) for cell in chosen})
    chosen = [cell for cell in known if cell.part == "power"]
    if chosen:
        print("\n**Power, and the reference test's, by test rows and the power aimed at**\n")
        _grid(chosen, {cell.key: _power(found[cell.key]) for cell in chosen})
    chosen = [cell for cell in known if cell.part == "coverage"]
    for which, least in (("difference", 0.91), ("single", 0.90)):
        if chosen:
            print(f"\n**Coverage of 95 % intervals: {which}**\n")
            shown = {cell.key: _covered(found[cell.key], which, least) for cell in chosen}
            _grid(chosen, shown)
    if chosen:
        _means(chosen, found)
    chosen = [cell for cell in known if cell.part == "population"]
    if chosen:
        _populations(chosen, found)


def _populations(cells: Sequence[Cell], found: Found) -> None:
    print("\n**Many small tasks, mean gain 0: percent of studies, and the share said to gain**\n")
    print("| metric | drawn | called at 5 % | mean covered | one more task covered | share |")
    print("|---|---|---|---|---|---|")
    for cell in cells:
        numbers = found[cell.key]
        shares = [numbers[name] / numbers["studies"] for name in ("called", "covered", "predicted")]
        shown = " | ".join(f"{100 * share:.1f}" for share in shares)
        share = numbers["share"] / numbers["studies"]
        print(f"| {cell.row} | {cell.column} | {shown} | {share:.2f} |")


def _percent(numbers: Mapping[str, float], bound: float) -> str:
    if not numbers["tested"]:
        return "–"
    share = numbers["called"] / numbers["studies"]
    shown = f"{100 * share:.1f}"
    return f"**{shown}**" if share > bound else shown


def _power(numbers: Mapping[str, float]) -> str:
    ours, reference = (numbers[name] / numbers["studies"] for name in ("called", "reference"))
    shown = f"{ours:.2f} / {reference:.2f}"
    return f"**{shown}**" if ours < 0.9 * reference else shown


def _covered(numbers: Mapping[str, float], which: str, least: float) -> str:
    if not numbers["studies"]:
        return "–"
    share = numbers[which] / numbers["studies"]
    shown = f"{100 * share:.1f}"
    return f"**{shown}**" if share < least else shown


def _grid(cells: Sequence[Cell], shown: Mapping[str, str]) -> None:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    by_row: dict[str, dict[str, str]] = {}
    for cell in cells:
        by_row.setdefault(cell.row, {})[cell.column] = shown[cell.key]
    print(f"| metric | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for row, values in by_row.items():
        print(f"| {row} | {' | '.join(values.get(column, '') for column in columns)} |")


def _means(cells: Sequence[Cell], found: Found) -> None:
    """Mean coverage over the generators, and whether an estimate ever left its interval."""
    print(
        "\n**Mean coverage of differences over the generators (lognormal apart), by test rows**\n"
    )
    sizes = list(dict.fromkeys(cell.column.split(", ")[1] for cell in cells))
    print(f"| metric | {' | '.join(sizes)} |")
    print("|---" * (len(sizes) + 1) + "|")
    for row in dict.fromkeys(cell.row for cell in cells):
        shares: dict[str, list[float]] = {size: [] for size in sizes}
        for cell in cells:
            made, size = cell.column.split(", ")
            numbers = found[cell.key]
            if cell.row == row and made != "lognormal" and numbers["studies"]:
                shares[size].append(numbers["difference"] / numbers["studies"])
        means = [sum(s) / len(s) if s else float("nan") for s in shares.values()]
        shown = [f"{100 * mean:.1f}" if mean >= 0.93 else f"**{100 * mean:.1f}**" for mean in means]
        print(f"| {row} | {' | '.join(shown)} |")
    outside = sum(found[cell.key]["studies"] - found[cell.key]["inside"] for cell in cells)
    total = sum(found[cell.key]["studies"] for cell in cells)
    print(f"\nEstimates outside of their interval: {outside:.0f} of {2 * total:.0f}.")
