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


def write_houses(path: Path, n_rows: int = 60) -> Path:
    """The table of houses that the pages on sharing and runs speak of."""
    draw = random.Random(0)
    rows = []
    for row in range(n_rows):
        size, age = round(draw.gauss(0, 1), 3), round(draw.gauss(0, 1), 3)
        price, rent = size + 0.1 * draw.gauss(0, 1), size + 0.1 * age
        numbers = f"{price:.3f}", f"{rent:.3f}", int(size + age > 0)
        rows.append((f"h{row}", size, age, draw.choice("abc"), 1 + row % 2, *numbers))
    return write_csv(path, rows, ("id", "size", "age", "area", "trust", "price", "rent", "sold"))


def write_funnel(path: Path, n_rows: int = 80) -> Path:
    """Visits of which some are followed by a click, and some of these by a cart or a purchase."""
    draw, draw_cart = random.Random(0), random.Random(1)
    rows = []
    for _ in range(n_rows):
        interest = round(draw.gauss(0, 1), 3)
        view = int(interest > -1)
        click = int(view and draw.random() < 0.6)
        cart = int(click and draw_cart.random() < 0.5)
        rows.append((interest, view, click, cart, int(click and draw.random() < 0.5)))
    return write_csv(path, rows, ("interest", "view", "click", "cart", "buy"))
