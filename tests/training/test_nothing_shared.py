"""Aggregators on networks whose tasks share no parameters."""

import inspect

import numpy as np
import pytest
from small_architectures import small_architectures

import polytask.aggregation
from polytask.aggregation import Aggregator
from polytask.architectures import Routed, SharedPrivate
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.tasks import Task
from polytask.training import Trainer

RNG = np.random.default_rng(0)
ROWS = {"x": RNG.normal(size=24), "z": RNG.normal(size=24)}
LABELS = {"a": RNG.normal(size=24) > 0, "b": RNG.normal(size=24) > 0}
OWN_ROWS = MultiTaskDataset.from_long(
    {**ROWS, "target": LABELS["a"], "site": ["a", "b"] * 12}, "target", "site", kind="binary"
)
TABLES = MultiTaskDataset.from_per_task(
    {Task(name, "binary"): (ROWS, labels) for name, labels in LABELS.items()}
)
TOGETHER = MultiTaskDataset.from_table(
    {**ROWS, **LABELS}, [Task("a", "binary"), Task("b", "binary", after=("a",))]
)
AGGREGATORS = sorted(
    name
    for name, kind in vars(polytask.aggregation).items()
    if inspect.isclass(kind) and issubclass(kind, Aggregator)
    if not inspect.isabstract(kind) and name != "Every"  # which takes another
)


def refusal_of(recipe, data):
    try:
        Trainer(steps=1, aggregation="pc_grad").fit(recipe, data)
    except ParameterError as error:
        return str(error)
    return None


@pytest.mark.parametrize("encoder", [MLP(()), MLP((4,))], ids=["no stage", "one stage"])
@pytest.mark.parametrize("name", small_architectures())
def test_every_architecture_trains_or_says_that_nothing_is_shared(name, encoder):
    recipe = small_architectures(encoder)[name]
    plain = ("share no parameters", "share nothing", f"{name} needs", f"of {name} must")
    for data in (OWN_ROWS, TABLES, TOGETHER):
        refusal = refusal_of(recipe, data)
        assert refusal is None or any(words in refusal for words in plain), refusal


@pytest.mark.parametrize("name", AGGREGATORS)
@pytest.mark.parametrize("recipe", [Routed(MLP((4,)), shared_stages=0), SharedPrivate(MLP(()))])
def test_a_classifier_of_tasks_is_not_what_tasks_share(recipe, name):
    aggregator = getattr(polytask.aggregation, name)()
    sentence = f"share no parameters. Got {name} instead, .* Give a `weighting`"
    with pytest.raises(ParameterError, match=sentence):
        Trainer(steps=1, aggregation=aggregator).fit(recipe, OWN_ROWS)
