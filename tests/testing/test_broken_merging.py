"""The check of a merging method finds what is broken, one promise at a time."""

from dataclasses import dataclass

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.merging import AdaMerging, Merging, TaskArithmetic, WeightAveraging
from polytask.testing import check_merging


@dataclass(frozen=True)
class InPlace(WeightAveraging):
    def merge(self, start, tuned, **options):
        tuned["a"]["bias"] += 1
        return super().merge(start, tuned, **options)


@dataclass(frozen=True)
class Same(WeightAveraging):
    def merge(self, start, tuned, **options):
        merged = super().merge(start, tuned, **options)
        return {**merged, "mask": start["mask"]}


@dataclass(frozen=True)
class Fewer(WeightAveraging):
    def merge(self, start, tuned, **options):
        merged = super().merge(start, tuned, **options)
        return {name: tensor for name, tensor in merged.items() if name != "mask"}


@dataclass(frozen=True)
class Wide(WeightAveraging):
    def merge(self, start, tuned, **options):
        merged = super().merge(start, tuned, **options)
        return {**merged, "half": merged["half"].float()}


@dataclass(frozen=True)
class Restless(WeightAveraging):
    def combine(self, vectors, *, generator, objective=None):
        means = super().combine(vectors, generator=generator, objective=objective)
        return {name: mean + 1 for name, mean in means.items()}


@dataclass(frozen=True)
class Chance(WeightAveraging):
    def combine(self, vectors, *, generator, objective=None):
        means = super().combine(vectors, generator=generator, objective=objective)
        return {name: mean * torch.rand(()) for name, mean in means.items()}


@dataclass(frozen=True)
class Broken(WeightAveraging):
    def combine(self, vectors, *, generator, objective=None):
        means = super().combine(vectors, generator=generator, objective=objective)
        return {name: mean / 0 for name, mean in means.items()}


@dataclass(frozen=True)
class Careless(TaskArithmetic):
    scale: float = 1.0

    def merge(self, start, tuned, **options):
        fitting = {
            task: {name: t for name, t in state.items() if t.shape == start[name].shape}
            for task, state in tuned.items()
        }
        return super().merge(start, fitting, **options)


@dataclass(frozen=True)
class NoBuffers(TaskArithmetic):
    scale: float = 1.0

    def merge(self, start, tuned, *, buffers=(), **options):
        return super().merge(start, tuned, **options)


@dataclass(frozen=True)
class Away(AdaMerging):
    steps: int = 4

    def combine(self, vectors, *, generator, objective=None):
        names = {name for vector in vectors.values() for name in vector}
        vectors = {task: {n: -9 * t for n, t in v.items()} for task, v in vectors.items()}
        moved = super().combine(vectors, generator=generator, objective=objective)
        return {name: moved[name] for name in names}


@dataclass(frozen=True)
class Unlimited(AdaMerging):
    steps: int = 4

    def limited(self, steps):
        return self


@dataclass(frozen=True)
class HalfDeclared(WeightAveraging):
    held_out: float = 0.1


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        (InPlace(), "bias of the network of a was changed in place"),
        (Same(), "mask shares memory with an argument"),
        (Fewer(), "other names of tensors"),
        (Wide(), "half of torch.float16 and shape .* became torch.float32"),
        (Restless(), "networks that equal the start give another weight"),
        (Chance(), "differs under one seed"),
        (Careless(), "merges networks of different shapes"),
        (NoBuffers(), "a buffer is not the mean over the networks"),
        (Away(), "learning raised the loss"),
        (Unlimited(), r"`limited\(3\)` takes 4 steps, not 3"),
        (HalfDeclared(), "must declare both `steps` and `held_out`"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Merging) else "",
)
def test_what_is_broken_is_found(method, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_merging(method)


def test_a_result_that_is_not_finite_is_refused_by_merge():
    with pytest.raises(
        ParameterError, match="Broken merges the tensor 'weight' into values that are"
    ):
        check_merging(Broken())
