"""Small tables of every kind of target and column, for the models that are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polytask.data import MultiTaskDataset, read
from polytask.tasks import Task

N_ROWS = 40
WORDS = ("good", "bad", "not", "so", "café")


@dataclass(frozen=True)
class Table:
    """Columns, their targets and roles; the last four rows are predicted, or other ones."""

    columns: Mapping[str, Sequence[Any]]
    targets: Sequence[str | Task]
    roles: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def data(self) -> MultiTaskDataset:
        """The data to learn from."""
        return read(self.columns, self.targets, columns=self.roles)

    def rows(self) -> Mapping[str, Sequence[Any]]:
        """What is predicted."""
        return self.others or {name: cells[-4:] for name, cells in self.columns.items()}


def priced() -> Table:
    """Numbers, a category and missing cells; a row has a colour and a cell that training had not."""
    generator = np.random.default_rng(7)
    size = generator.normal(size=40).round(2)
    colour = generator.choice(["red", "green"], 40)
    price = (3 * size + (colour == "red") + generator.normal(size=40)).round(2)
    sizes = [value if value < 1.5 else None for value in size.tolist()]
    columns = {"size": sizes, "colour": colour.tolist(), "price": price.tolist()}
    columns["sold"] = (price > 0.5).tolist()
    tasks = (Task("price", "regression"), Task("sold", "binary", weight=2.0))
    others = {"size": [0.5, -1.25, 3.0, None], "colour": ["red", "green", "red", "blue"]}
    return Table(columns, tasks, others=others)


def related() -> Table:
    """Two targets of numbers and two of classes, of which some labels are missing."""
    generator = np.random.default_rng(7)
    size, age = generator.normal(size=(2, N_ROWS)).round(2)
    noise = generator.normal(size=(2, N_ROWS))
    rent, price = (2 * size - age + 0.3 * noise).round(3)
    columns = {
        "size": size,
        "age": age,
        "rent": np.where(np.arange(N_ROWS) % 5 == 0, np.nan, rent),
        "price": price,
        "let": [None if row % 7 == 0 else value > 0 for row, value in enumerate(rent.tolist())],
        "sold": price > 0.5,
    }
    return Table(columns, ("rent:regression", "price:regression", "let:binary", "sold:binary"))


def numbered() -> Table:
    """Numbers with a target of every kind that labels rows."""
    generator = np.random.default_rng(7)
    size, age = generator.normal(size=(2, N_ROWS)).round(2)
    columns = {
        "size": size,
        "age": np.where(age < 1.5, age, np.nan),
        "claims": generator.poisson(np.exp(size / 2)),
        "months": generator.integers(1, 12, N_ROWS),
        "grade": np.where(size < -0.5, "low", np.where(size < 0.5, "mid", "high")),
        "cost": np.exp(size).round(3),
        "span": (size + generator.normal(size=N_ROWS)).round(3),
        "time": generator.exponential(np.exp(-size)).round(3),
        "event": generator.integers(0, 2, N_ROWS),
        "later": generator.exponential(np.exp(-size)).round(3),
        "died": generator.integers(0, 2, N_ROWS),
        "tall": (size > 0).astype(int),
        "old": (age > 0).astype(int),
    }
    targets = (
        "claims=claims,months:count",
        "grade:ordinal:low<mid<high",
        "cost:quantile:0.1,0.5,0.9",
        "span:distribution",
        "relapse=time,event:survival:4",
        "death=later,died:survival:cox,4",
        "tags=tall,old:multilabel",
    )
    return Table(columns, targets)


def tagged() -> Table:
    """Words, with a label of each and of the row."""
    generator = np.random.default_rng(8)
    words = [generator.choice(WORDS, length).tolist() for length in _lengths(generator)]
    columns = {
        "words": words,
        "tag": [["B-x" if word == "bad" else "O" for word in row] for row in words],
        "glad": ["yes" if "good" in row else "no" for row in words],
    }
    return Table(columns, ("tag:tokens:crf", "glad"), {"words": "tokens"})


def stepped() -> Table:
    """Sequences of numbers, with numbers of each step and of the row."""
    generator = np.random.default_rng(8)
    signals = [generator.normal(size=n).round(2).tolist() for n in _lengths(generator)]
    columns = {
        "signal": signals,
        "load": [[round(2 * value, 2) for value in row] for row in signals],
        "most": [max(row) for row in signals],
    }
    return Table(columns, ("load:step_numbers", "most:regression"), {"signal": "sequence"})


def written() -> Table:
    """Texts, codes read by their characters, and molecules."""
    generator = np.random.default_rng(9)
    texts = [" ".join(generator.choice(WORDS, 3)) for _ in range(N_ROWS)]
    columns = {
        "review": texts,
        "code": ["".join(generator.choice(list("abc"), 4)) for _ in range(N_ROWS)],
        "molecule": generator.choice(["CCO", "c1ccccc1", "CC(=O)O", "CN"], N_ROWS),
        "stars": [float(text.count("good") - text.count("bad")) for text in texts],
    }
    roles = {"review": "text", "code": "characters", "molecule": "smiles"}
    return Table(columns, ("stars:regression",), roles)


def pictured() -> Table:
    """Small pictures with a number beside each, and labels of pictures and of pixels."""
    generator = np.random.default_rng(10)
    photos = generator.integers(0, 256, (N_ROWS, 1, 8, 8)).astype(np.uint8)
    depth = (photos[:, 0] / 255).astype(np.float32)
    columns = {
        "photo": list(photos),
        "height": generator.normal(size=N_ROWS).round(2),
        "mask": list((photos[:, 0] > 128).astype(np.int64)),
        "depth": list(depth),
        "peaks": list((depth == depth.max(axis=(1, 2), keepdims=True)).astype(np.float32)),
        "bright": photos.mean(axis=(1, 2, 3)) > 127,
    }
    targets = ("mask:dense_classes", "depth:dense_numbers", "peaks:heat_map", "bright")
    return Table(columns, targets, {"photo": "image"})


def _lengths(generator: np.random.Generator) -> Sequence[int]:
    return generator.integers(1, 5, N_ROWS).tolist()
