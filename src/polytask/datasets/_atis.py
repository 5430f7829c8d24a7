"""ATIS: what travellers ask for, and the words that say it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["ATIS", "atis_table", "fetch_atis"]

_SOURCE = "https://raw.githubusercontent.com/MiuLab/SlotGated-SLU/master/data/atis"
_PARTS = {"train": "train", "valid": "validation", "test": "test"}
"""Names of the files' folders, and of the parts of the split."""
_COLUMNS = {"seq.in": "words", "label": "intent", "seq.out": "slots"}


def _file(path: str, size: int, sha256: str) -> PublicFile:
    return PublicFile(f"slu_atis/{path}", size, sha256, (f"{_SOURCE}/{path}",))


ATIS = DatasetInfo(
    name="atis",
    description="Sentences of travellers: what they ask for, and the tag of each word",
    rows=5871,
    tasks=("intent", "slots"),
    licence="not stated (ATIS: Linguistic Data Consortium); these files come from SlotGated-SLU",
    citation="C. T. Hemphill, J. J. Godfrey and G. R. Doddington, The ATIS spoken language systems "
    "pilot corpus, 1990; the split of C.-W. Goo et al., Slot-gated modeling for joint slot filling "
    "and intent prediction, NAACL 2018",
    flags="--column words:tokens --target intent:multiclass --target slots:tokens "
    "--split column:split",
    files=(
        _file(
            "train/seq.in",
            289_848,
            "3a670980841b21ab39088b2595efc17d487cdc45769c075a3e5f9458bba28c7f",
        ),
        _file(
            "train/label",
            57_831,
            "d0a771547665eecbdf9f96ea015ef07d1f6ee9f063e861020dafabb3c2a04377",
        ),
        _file(
            "train/seq.out",
            415_557,
            "14c7131bd66562f797dbd7189bc7358f0cf354c6afb0785a9ab973c35b58f34c",
        ),
        _file(
            "valid/seq.in",
            32_761,
            "c7435b96e7948393608c34819628e863c5338f11ca68e8f896d2cc041d8e17f8",
        ),
        _file(
            "valid/label",
            6518,
            "06957cfe6fdffac84f8280bc3a1f8ca85c85631b363817aa4543aac611f8addf",
        ),
        _file(
            "valid/seq.out",
            47_763,
            "83ccff3e36f83a993f8e5b5b82adf3256076f234abda4d784051381d7ac76922",
        ),
        _file(
            "test/seq.in",
            52_122,
            "4b2119fc59c37f9398c6605db435d4f467505009e6ee3e5af04fed09f39dc397",
        ),
        _file(
            "test/label",
            11_634,
            "ce4bfe6590d9498e1078f30b4137d3e8b3e94277b444b26360c0bf2e9e282761",
        ),
        _file(
            "test/seq.out",
            81_238,
            "a4690d6bceadc06876d1ff99bc401744aa981cb321e598ae12a3859d7be53254",
        ),
    ),
)


def fetch_atis() -> FetchedDataset:
    """Read ATIS: what a sentence asks for, and which words are cities, dates, airlines and so on.

    Returns
    -------
    FetchedDataset
        4478 training, 500 validation and 893 test sentences as published; the input is the list of
        ``words``, the tasks are ``intent`` (multiclass, 21 classes in training) and ``slots`` (one of
        120 tags for every word, of which 79 kinds of chunks begin or go on, and ``O``).

    Raises
    ------
    DatasetUnavailableError
        If a file is neither available locally nor reachable.

    Notes
    -----
    13 test and 52 validation sentences stand among the training sentences, too, as published. 5 test
    sentences have an intent, and 6 a tag, that no training sentence has.

    Examples
    --------
    >>> from polytask.datasets import fetch_atis
    >>> fetch_atis().dataset.tasks.names  # doctest: +SKIP
    ('intent', 'slots')
    """
    table = atis_table()
    dataset = MultiTaskDataset.from_table(
        table.drop("split"),
        [Task("intent", "multiclass"), Task("slots", "tokens")],
        columns={"words": "tokens"},
    )
    parts = table["split"].to_numpy()
    (source,) = dataset.sources
    rows = {part: {source.name: np.flatnonzero(parts == part)} for part in _PARTS.values()}
    split = Split(rows["train"], rows["validation"], rows["test"], name="published")
    return FetchedDataset(dataset, FixedSplit((split,)), ATIS)


def atis_table() -> pl.DataFrame:
    """All sentences: ``words``, ``intent`` and ``slots``, blanks between, and ``split``."""
    paths = obtain(ATIS.name, ATIS.files)
    return pl.concat(
        _read(part, paths[3 * number : 3 * number + 3])
        for number, part in enumerate(_PARTS.values())
    )


def _read(part: str, paths: Sequence[Path]) -> pl.DataFrame:
    columns = {
        name: [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        for name, path in zip(_COLUMNS.values(), paths, strict=True)
    }
    return pl.DataFrame(columns).with_columns(pl.lit(part).alias("split"))
