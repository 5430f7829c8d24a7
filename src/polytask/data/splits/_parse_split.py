from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from polytask._naming import fold, suggestion
from polytask._validation import InstanceOf, bare_class_remedy, message
from polytask.data.splits._column_split import ColumnSplit
from polytask.data.splits._fold_split import FOLDS, FoldSplit
from polytask.data.splits._group_fold_split import GroupFoldSplit
from polytask.data.splits._group_split import GroupSplit
from polytask.data.splits._random_split import RandomSplit
from polytask.data.splits._splitter import Splitter
from polytask.data.splits._time_split import TimeSplit
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["as_splitter", "parse_split"]

_FORMS = "random:0.2, group:COLUMN, time:COLUMN, folds:5, group-folds:COLUMN:5 or column:COLUMN"


def parse_split(text: str) -> Splitter:
    """Return the splitter for a text of the command line.

    Parameters
    ----------
    text : str
        ``random[:TEST]``, ``group:COLUMN``, ``time:COLUMN[:TEST]``, ``folds[:K[xREPEATS]]``,
        ``group-folds:COLUMN[:K[xREPEATS]]`` or ``column:COLUMN``, where TEST is the share of test
        rows and K the number of folds.

    Examples
    --------
    >>> from polytask.data import parse_split
    >>> parse_split("random:0.3").test
    0.3
    >>> parse_split("folds:5x2")
    FoldSplit(folds=5, repeats=2, validation=0.2)
    """
    word, _, rest = text.partition(":")
    known = {fold(name): name for name in _READERS}
    name = known.get(fold(word))
    if name is None:
        guess = suggestion(word, _READERS)
        sentence = f"There is no split named {word!r}. {guess} Write {_FORMS}."
        raise UnknownNameError(sentence)
    if not rest and name not in _WITHOUT_COLUMN:
        sentence = f"The split {text!r} names no column. Write {_FORMS}."
        raise ParameterError(sentence)
    return _READERS[name](rest, text)


def as_splitter(owner: str, split: object, default: Splitter) -> Splitter:
    """Return a given splitter, the one for a text of the command line, or the default for None.

    Parameters
    ----------
    owner : str
        Whose argument it is, for errors.
    split : Splitter, str or None
    default : Splitter

    Raises
    ------
    ParameterError
        If `split` is none of these.
    UnknownNameError
        If no split has the name.

    Examples
    --------
    >>> from polytask.data import RandomSplit, as_splitter
    >>> as_splitter("compare", "folds:3", RandomSplit())
    FoldSplit(folds=3, repeats=1, validation=0.2)
    """
    if split is None:
        return default
    if isinstance(split, str):
        return parse_split(split)
    if not isinstance(split, Splitter):
        expected = f"a Splitter, such as FoldSplit(5), or its name: {_FORMS}"
        remedy = bare_class_remedy(split, InstanceOf((Splitter,)), named=False)
        raise ParameterError(message(owner, "split", expected, split, remedy))
    return split


def _random(rest: str, text: str) -> Splitter:
    return RandomSplit() if not rest else RandomSplit(test=_share(rest, text))


def _time(rest: str, text: str) -> Splitter:
    column, colon, share = rest.rpartition(":")
    if not colon or not _is_number(share):
        return TimeSplit(rest)
    return TimeSplit(column, test=_share(share, text))


def _folds(rest: str, text: str) -> Splitter:
    return FoldSplit() if not rest else FoldSplit(*_counts(rest, text))


def _group_folds(rest: str, text: str) -> Splitter:
    column, colon, counts = rest.rpartition(":")
    if not colon or not _is_count(counts):
        return GroupFoldSplit(rest)
    return GroupFoldSplit(column, *_counts(counts, text))


_READERS: Mapping[str, Callable[[str, str], Splitter]] = {
    "random": _random,
    "group": lambda rest, _: GroupSplit(rest),
    "time": _time,
    "folds": _folds,
    "group-folds": _group_folds,
    "column": lambda rest, _: ColumnSplit(rest),
}
_WITHOUT_COLUMN = {"random", "folds"}


def _share(word: str, text: str) -> float:
    most = 1 - RandomSplit().validation  # TimeSplit holds out as many
    if not _is_number(word) or not 0 <= float(word) < most:
        sentence = (
            f"The split {text!r} must give a share of test rows, from 0 to below {most:g}, since "
            f"{RandomSplit().validation:g} of the rows are for validation, such as random:0.2."
        )
        raise ParameterError(sentence)
    return float(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_count(word: str) -> bool:
    return re.fullmatch(_COUNTS, word) is not None


def _counts(word: str, text: str) -> list[int]:
    if not _is_count(word):
        sentence = f"The split {text!r} must give a number of folds, such as folds:5 or folds:5x2."
        raise ParameterError(sentence)
    counts = [int(number) for number in re.split("[x×]", word)]
    for name, what, count in zip(FOLDS, ("folds", "repetitions"), counts, strict=False):
        if not FOLDS[name].accepts(count):
            sentence = (
                f"The number of {what} of the split {text!r} must be {FOLDS[name]}. Got {count}."
            )
            raise ParameterError(sentence)
    return counts


_COUNTS = r"\d+([x×]\d+)?"
