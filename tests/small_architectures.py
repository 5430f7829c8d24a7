"""Every public architecture with a small encoder, and a data set that it takes."""

import inspect
from dataclasses import replace

import polytask.architectures
from polytask.architectures import (
    NDDR,
    Architecture,
    FiLM,
    HardSharing,
    Routed,
    Separate,
    SharedPrivate,
    Sluice,
    SoftSharing,
)
from polytask.encoders import MLP
from polytask.penalties import TaskCovariance, TraceNorm
from polytask.testing import tiny_dataset

SMALL = MLP((8, 8))


def _after_the_first(data):
    """The same data, whose second task is fed by the first."""
    first, second = data.tasks
    return data.with_tasks({second.name: replace(second, after=(first.name,))})


PLAIN = tiny_dataset(("regression", "binary"))
CASCADE = _after_the_first(tiny_dataset(("binary", "binary")))
OWN_ROWS = tiny_dataset(("binary", "binary"), own_rows=True)


def small_architectures(encoder=SMALL):
    """Recipes by name, sorted."""
    found = {}
    for name in sorted(polytask.architectures.__all__):
        kind = getattr(polytask.architectures, name)
        if not (inspect.isclass(kind) and issubclass(kind, Architecture)) or inspect.isabstract(
            kind
        ):
            continue
        parameters = inspect.signature(kind).parameters
        given = {"encoder": encoder} if "encoder" in parameters else {}
        if name == "Separate":
            given = {"architecture": HardSharing(encoder)}
        found[name] = kind(**given)
    return found


def small_variants(encoder):
    """Recipes by name of which more than weights has to be kept while training.

    Buffers that are refitted, a proximal step, batch statistics, penalties of a batch or of
    parameters, networks of single tasks that have them.
    """
    return {
        "SoftSharing, refitted": SoftSharing(encoder, penalty=TaskCovariance(alpha=1.0)),
        "SoftSharing, proximal": SoftSharing(encoder, penalty=TraceNorm(alpha=0.1)),
        "SoftSharing, of features": SoftSharing(encoder, representation=1.0),
        "NDDR, batch norm": NDDR(encoder, normalization="batch"),
        "Sluice, penalty": Sluice(encoder, orthogonality=1.0),
        "FiLM, normalized": FiLM(encoder, normalize=True),
        "HardSharing, batch norm": HardSharing(replace(encoder, normalization="batch")),
        "Routed, towers": Routed(encoder, shared_stages=1),
        "Separate, penalty": Separate(SharedPrivate(encoder)),
        "Separate, refitted": Separate(SoftSharing(encoder, penalty=TaskCovariance(alpha=1.0))),
    }


def data_for(architecture):
    """Independent tasks, or rows of one task each or a cascade where it needs them."""
    if architecture.one_task_per_row:
        return OWN_ROWS
    return CASCADE if architecture.refuses(PLAIN.tasks) else PLAIN


def cascade_for(architecture):
    """A cascade, or rows of one task each where it needs them."""
    return OWN_ROWS if architecture.one_task_per_row else CASCADE
