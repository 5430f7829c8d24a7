"""A class for each step of a sequence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Real, Shaped

from polytask._naming import fold
from polytask._validation import Constraint, InstanceOf, check_parameters, message
from polytask.exceptions import DataError, OneClassError, ParameterError
from polytask.tasks._averages import in_any_library, mean_log_probabilities
from polytask.tasks._calibrated_cells import calibrated_classes
from polytask.tasks._calibration import Calibration
from polytask.tasks._classes import class_summary, only_column
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._steps import NO_STEP, is_step
from polytask.tasks._tags import LIST_SEPARATOR, tags_of

__all__ = ["Tokens"]

_MOST_CLASSES = 1000
_MOST_STEPS = 4096
_MOST_SCORES = 1_000_000
"""Steps times tags of a row."""
_SMALLEST = 1e-15


@dataclass(frozen=True)
class Tokens(Kind):
    r"""A tag for each token of a row: parts of speech, named entities, slots.

    The response is a probability for each tag at each step, those of a softmax over the step's
    scores; the decision is the likeliest tag of each, with blanks between. A target column holds
    lists of tags, or texts of tags with blanks between. The k-th tag belongs to the k-th step of
    the row's column of tokens, text or numbers; rows may have fewer tags than steps, and steps
    without one, an empty text in a list, are not labelled.

    Parameters
    ----------
    crf : bool, default False
        Whether the heads of networks learn how likely each tag follows another: a conditional
        random field over the steps of a row. On the command line ``slots:tokens:crf``.

    Notes
    -----
    With `crf` the scores of a step are logarithms of the marginals of its tag,

    .. math:: p(y) \propto \exp\Big(\sum_t s_t(y_t) + \sum_{t>1} T(y_{t-1}, y_t)\Big)

    summed over all tags of the other steps, with what a head gives, s, and transitions T of each
    task, 0 at first. Losses are those of the marginals (Kakade, Teh & Roweis) and the decision is
    the likeliest tag of each step, where Lafferty et al. maximise the probability of whole rows and
    decide for the likeliest row. Other models than networks have no transitions.

    Steps count up to the longest labelled training row, or as many as were declared to be read
    (``words:tokens=100``); later ones are neither learned nor predicted, and the last step of a row
    with labels beyond it counts as wrong.

    References
    ----------
    Lafferty, McCallum & Pereira, "Conditional random fields", ICML 2001. Kakade, Teh & Roweis, "An
    alternate objective function for Markovian fields", ICML 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Tokens
    >>> kind, column = Tokens(), np.array(["O B-city I-city", "B-city", None], dtype=object)
    >>> target = kind.fit("slots", {"slots": column})
    >>> target.classes, target.learned["steps"]
    (('B-city', 'I-city', 'O'), (3.0,))
    >>> kind.truth([column], target)
    array([[ 2.,  0.,  1.],
           [ 0., nan, nan],
           [nan, nan, nan]])
    """

    crf: bool = field(default=False, metadata={"omit_default": True})

    name: ClassVar[str] = "tokens"
    form: ClassVar = "sequence"
    counts_cells: ClassVar[bool] = True
    takes_text: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"crf": InstanceOf((bool,))}

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def from_text(cls, text: str) -> Tokens:
        """``crf``, which links the tags of steps."""
        if fold(text) == "crf":
            return cls(crf=True)
        raise ParameterError(message("kind tokens", "crf", "crf, or nothing", text))

    @property
    def links_steps(self) -> bool:
        """Whether it is a conditional random field."""
        return self.crf

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Find the tags, in sorted order, how often each occurs, and the most steps."""
        column, values = only_column(owner, columns, self.name)
        rows = _rows(owner, column, values)
        counts = Counter(tag for row in rows for tag in row if tag)
        if not counts:
            sentence = f"Task {owner!r}: column {column!r} has no observed label to learn from."
            raise DataError(sentence)
        _check_tags(owner, column, counts)
        n_steps = max(map(len, rows))
        if n_steps > _MOST_STEPS:
            sentence = (
                f"Task {owner!r}: column {column!r} holds a row of {n_steps:,} tags; at most "
                f"{_MOST_STEPS:,} can be learned. Split such rows."
            )
            raise DataError(sentence)
        if n_steps * len(counts) > _MOST_SCORES:
            sentence = (
                f"Task {owner!r}: column {column!r} holds {len(counts):,} tags and a row of {n_steps:,} "
                f"steps, that is more than {_MOST_SCORES:,} scores per row. Split long rows, or merge "
                "rare tags."
            )
            raise DataError(sentence)
        tags = tuple(sorted(counts))
        learned = {
            "steps": (float(n_steps),),
            "tag_counts": tuple(float(counts[tag]) for tag in tags),
        }
        return FittedTarget((column,), tags, learned)

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for numbers, which are no lists of tags."""
        column, values = only_column(owner, columns, self.name)
        _rows(owner, column, values)

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with tag counts of these rows alone."""
        truth = self.truth(columns, fitted)
        known = truth[truth < len(fitted.classes)].astype(np.int64)
        counts = np.bincount(known, minlength=len(fitted.classes)).astype(float)
        learned = {**fitted.learned, "tag_counts": tuple(counts.tolist())}
        return replace(fitted, learned=learned)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are steps, at least two tags, and a count for each."""
        n_tags = len(fitted.classes)
        return (
            fitted.learned_counts == {"steps": 1, "tag_counts": n_tags}
            and 1 < n_tags <= _MOST_CLASSES
            and fitted.learned["steps"][0] in range(1, _MOST_STEPS + 1)
            and fitted.learned["steps"][0] * n_tags <= _MOST_SCORES
            and all(isinstance(tag, str) and tag for tag in fitted.classes)
            and len(fitted.columns) == 1
            and len(set(fitted.classes)) == n_tags
            and min(fitted.learned["tag_counts"]) >= 0
            and sum(fitted.learned["tag_counts"]) < float("inf")
        )

    # ── shapes ────────────────────────────────────────────────────────────────
    def target_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One cell for each step."""
        return (int(fitted.learned["steps"][0]),)

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each step and tag."""
        return (*self.target_shape(fitted), len(fitted.classes))

    def with_steps(self, fitted: FittedTarget, n_steps: int) -> FittedTarget:
        """The same tags for longer rows, as far as they are not too many scores."""
        most = min(_MOST_STEPS, _MOST_SCORES // len(fitted.classes))
        steps = max(self.target_shape(fitted)[0], min(n_steps, most))
        return replace(fitted, learned={**fitted.learned, "steps": (float(steps),)})

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """Tag codes (n, n_steps); one more for all tags that were not seen in training."""
        position = {tag: float(code) for code, tag in enumerate(fitted.classes)}
        position[""] = np.nan
        (n_steps,) = self.target_shape(fitted)
        codes = np.full((len(columns[0]), n_steps), np.nan)
        for row, cell in enumerate(_rows("", fitted.columns[0], columns[0])):
            own = [position.get(tag, len(fitted.classes)) for tag in cell[:n_steps]]
            codes[row, : len(own)] = own
            if any(cell[n_steps:]):  # tags that are never predicted
                codes[row, -1] = len(fitted.classes)
        return codes

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n l"]:
        """Tag codes."""
        codes = self.truth(columns, fitted)
        return np.where(codes < len(fitted.classes), codes, np.nan).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n l c"], fitted: FittedTarget) -> np.ndarray:
        """Probabilities (n, n_steps, n_tags); all 0 at steps that a row does not have."""
        del fitted
        from scipy.special import softmax  # heavy, and not needed to read a table

        scores = raw.astype(np.float64)
        return np.asarray(softmax(scores, axis=-1) * is_step(scores)[..., None])

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n l c"]:
        """Log-probabilities: scores up to a constant per step."""
        del fitted
        logs = np.log(np.clip(response, _SMALLEST, 1.0))
        return np.where(_has_step(response)[..., None], logs, NO_STEP).astype(np.float32)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The likeliest tag of each step, with blanks between."""
        tags = np.array(fitted.classes, dtype=object)[response.argmax(axis=-1)]
        has = _has_step(response)
        rows = [" ".join(own[is_there]) for own, is_there in zip(tags, has, strict=True)]
        return np.array(rows, dtype=object)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Logarithms of the mean probabilities of each step."""
        flat = raw.reshape(len(raw), -1, raw.shape[-1])
        mean = mean_log_probabilities(flat).reshape(raw.shape[1:])
        has = (raw > NO_STEP).any(-1).any(0)[..., None]
        return mean * has + (mean * 0 + NO_STEP) * ~has

    def mean_response(
        self,
        truth: Float[np.ndarray, "n l"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, "l c"]:
        """Shares of the tags over all steps, the same for each."""
        n_tags = len(fitted.classes)
        rows, steps = np.nonzero(truth < n_tags)
        codes = truth[rows, steps].astype(np.int64)
        weights = np.asarray(weight, dtype=np.float64)[rows]
        counts = np.bincount(codes, weights, minlength=n_tags)
        total = counts.sum()
        shares = counts / total if total > 0 else np.full(n_tags, 1 / n_tags)
        return np.tile(shares, (truth.shape[1], 1))

    # ── tables and reports ──────────────────────────────────────────────────────
    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of steps where the likeliest tag is true beside its probability."""
        del fitted
        return calibrated_classes(truth, response, weight, "tag", "steps")

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """The likeliest tag of each step."""
        del fitted
        return response.argmax(axis=-1)

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How often each tag occurs."""
        return class_summary(self.truth(columns, fitted), fitted)

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n"]]]:
        """Tags of a few rows, and lists with steps that are not labelled."""
        texts = ["O B-a I-a O", "B-a O B-b I-b", "O", None, "B-b I-b O B-a"] * 5
        rows = (("x", "y", "y", "x"), ("y", "", "x", "y"), ("x", "x", "", "y"))
        lists = [LIST_SEPARATOR.join(row) for row in rows] * 8
        return [{"tags": np.array(column, dtype=object)} for column in (texts, lists)]


def _rows(owner: str, column: str, values: Shaped[np.ndarray, " n"]) -> list[Sequence[str]]:
    """The tags of every row; none of a missing one."""
    cells = [
        None if isinstance(cell, float) and math.isnan(cell) else cell for cell in values.tolist()
    ]
    strange = next((cell for cell in cells if not isinstance(cell, str | None)), None)
    if strange is not None:
        sentence = (
            f"Task {owner!r}: column {column!r} must hold lists of tags, or texts of tags with blanks "
            f"between. Got {strange!r}."
        )
        raise DataError(sentence)
    return [() if cell is None else tags_of(cell) for cell in cells]


def _check_tags(owner: str, column: str, counts: Mapping[str, int]) -> None:
    """Raise unless there are several tags, not too many, each without a blank."""
    if len(counts) == 1:
        (tag,) = counts
        sentence = (
            f"Task {owner!r}: column {column!r} holds only one tag, {tag!r}, in the training rows. "
            "Check the split or drop the task."
        )
        raise OneClassError(sentence, tag)
    if len(counts) > _MOST_CLASSES:
        sentence = (
            f"Task {owner!r} is of kind tokens, but column {column!r} holds {len(counts):,} different "
            f"tags; at most {_MOST_CLASSES:,} can be learned. Is it the column of the tokens?"
        )
        raise DataError(sentence)
    blank = next((tag for tag in counts if any(map(str.isspace, tag))), None)
    if blank is not None:
        sentence = (
            f"Task {owner!r}: column {column!r} holds the tag {blank!r}. Predictions are written with "
            "blanks between tags; write it with another sign, such as an underscore."
        )
        raise DataError(sentence)


def _has_step(response: np.ndarray) -> Bool[np.ndarray, "n l"]:
    return np.asarray(response.sum(axis=-1) > 0)
