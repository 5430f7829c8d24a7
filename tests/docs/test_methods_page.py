"""Every public method has its row in docs/methods.md."""

import importlib
import inspect
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
ROOMS = (
    "architectures",
    "weighting",
    "aggregation",
    "losses",
    "metrics",
    "tasks",
    "learners",
    "datasets",
)
# Contracts, records and helpers of the rooms, which the page need not list.
NOT_METHODS = {
    "Architecture", "Encoder", "MultiTaskModule", "Weighting", "Aggregator", "GramianAggregator",
    "JacobianAggregator", "AmortisedAggregator", "Property", "Loss", "MultiTaskLoss", "Metric", "MetricValue", "DeltaM", "Kind", "Task",
    "TaskSet", "FittedTarget", "Learner", "DatasetInfo", "FetchedDataset", "LinearTruth", "PublicFile",
}  # fmt: skip


def methods():
    for room in ROOMS:
        module = importlib.import_module(f"polytask.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            made = name.startswith(("make_", "fetch_", "load_"))
            if made or (inspect.isclass(thing) and name not in NOT_METHODS):
                yield name


@pytest.mark.parametrize("name", sorted(set(methods())))
def test_every_method_has_a_row(name):
    assert f"| `{name}`" in PAGE
