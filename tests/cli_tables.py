"""Small CSV files, and the command as a process of its own."""

import random
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "polytask")
HEAD = ("age", "colour", "income", "level", "score", "married")


def census(n_rows: int = 60) -> list[tuple[object, ...]]:
    """Rows of a table whose targets depend on its inputs, under `HEAD`."""
    draw = random.Random(0)
    rows = []
    for row in range(n_rows):
        age, colour = round(draw.gauss(0, 1), 3), draw.choice("abc")
        score = round(age + 0.1 * draw.gauss(0, 1), 3)
        rows.append((age, colour, int(age > 0), row % 3, score, "yes" if row % 4 else "no"))
    return rows


def write_csv(path: Path, rows: list[tuple[object, ...]], head: tuple[str, ...] = HEAD) -> Path:
    """Write a table without any library."""
    lines = [",".join(map(str, row)) for row in (head, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def replaced(column: str, value: object, rows: slice = slice(None)) -> list[tuple[object, ...]]:
    """The census with a column's cells replaced in some rows."""
    place, table = HEAD.index(column), census()
    table[rows] = [(*row[:place], value, *row[place + 1 :]) for row in table[rows]]
    return table
