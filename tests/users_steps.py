"""A kind of a user's own that labels the steps of a sequence, with its loss, metric and encoder."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from polytask.encoders import Encoder, MaskedStage, State
from polytask.losses import Loss
from polytask.metrics import Metric, MetricValue
from polytask.tasks import NO_STEP, FittedTarget, Kind, is_step


@dataclass(frozen=True)
class Tags(Kind):
    """A tag for every step, written one after another with blanks between."""

    name = "tags"
    form = "sequence"
    counts_cells = True

    def fit(self, owner, columns):
        del owner
        ((name, texts),) = columns.items()
        rows = [text.split() for text in texts if text is not None]
        classes = tuple(sorted({tag for row in rows for tag in row}))
        return FittedTarget((name,), classes, {"steps": (float(max(map(len, rows))),)})

    def target_shape(self, fitted):
        return (int(fitted.learned["steps"][0]),)

    def score_shape(self, fitted):
        return (*self.target_shape(fitted), len(fitted.classes))

    def truth(self, columns, fitted):
        codes = {tag: code for code, tag in enumerate(fitted.classes)}
        labels = np.full((len(columns[0]), *self.target_shape(fitted)), np.nan)
        for row, text in enumerate(columns[0]):
            for step, tag in enumerate(() if text is None else text.split()[: labels.shape[1]]):
                labels[row, step] = codes.get(tag, np.nan)
        return labels

    def encode(self, columns, fitted):
        return self.truth(columns, fitted).astype(np.float32)

    def response(self, raw, fitted):
        scores = raw.astype(np.float64)
        shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return shifted / shifted.sum(axis=-1, keepdims=True) * is_step(scores)[..., None]

    def raw(self, response, fitted):
        has = response.sum(axis=-1, keepdims=True) > 0
        return np.where(has, np.log(response.clip(1e-30)), NO_STEP).astype(np.float32)

    def decide(self, response, fitted):
        best = np.array(fitted.classes)[response.argmax(axis=-1)]
        return np.array(
            [" ".join(tags[has]) for tags, has in zip(best, response.sum(-1) > 0, strict=True)]
        )


@dataclass(frozen=True)
class TagCrossEntropy(Loss):
    """The sum of the cross-entropies of all steps of a row."""

    kinds = default_for = (Tags,)

    def rowwise(self, scores, values, mask, constants):
        del constants
        logs = torch.log_softmax(scores, dim=-1)
        own = logs.gather(-1, values.long().unsqueeze(-1)).squeeze(-1)
        return -(own * mask).sum(dim=-1)

    def counts(self, mask):
        return mask.sum(dim=-1).to(torch.float32)


@dataclass(frozen=True)
class TagAccuracy(Metric):
    """The share of the steps whose tag is right."""

    name = "tag_accuracy"
    label = "accuracy of tags"
    kinds = default_for = (Tags,)
    greater_is_better = True
    best = 1.0

    def parts(self, truth, response, fitted):
        right = np.where(np.isnan(truth), 0.0, truth) == response.argmax(axis=-1)
        known = ~np.isnan(truth)
        share = np.stack([(right & known).sum(1), known.sum(1)], axis=1).astype(float)
        share[~known.any(axis=1)] = np.nan
        yield "tags", share, response

    def check(self, truth, response, fitted):
        del truth, response, fitted

    def measure(self, truth, response, weight, fitted):
        right, known = (truth * weight[:, None]).sum(axis=0)
        return MetricValue(float(right / known))


@dataclass(frozen=True)
class Steps(Encoder):
    """Every step of a tensor (l, 2), of which the second number says whether it is there."""

    width: int = 8
    pools: bool = False
    shortens: bool = False

    takes = frozenset({"tensor", "numeric"})

    def entry(self, parts):
        return _Entry(next(part.name for part in parts if part.role == "tensor"))

    def stages(self, shape):
        stages = [
            nn.Sequential(nn.Linear(shape[-1], self.width), nn.Tanh()),
            _Neighbours(self.width),
        ]
        if self.pools:
            stages.append(_Pool())
        return [*stages, _Shorten()] if self.shortens else stages


class _Entry(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, inputs):
        values = inputs[self.name]
        return State(values[..., :1], values[..., 1] > 0)


class _Neighbours(MaskedStage):
    """Each step beside the one before."""

    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(2 * width, width)

    def forward(self, state):
        before = nn.functional.pad(state.values, [0, 0, 1, 0])[..., :-1, :]
        return replace_values(state, self.layer(torch.cat([state.values, before], dim=-1)))


class _Pool(MaskedStage):
    def forward(self, state):
        return State(state.values.mean(dim=-2))


class _Shorten(MaskedStage):
    def forward(self, state):
        return State(state.values[..., :-1, :], state.mask[..., :-1])


def replace_values(state, values):
    return State(values, state.mask)
