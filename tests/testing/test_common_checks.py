"""Every public method of every room passes the common checks from the day it is exported."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from abc import ABC
from dataclasses import dataclass, replace

import pytest
from fakes_classical import PulledClassifier, PulledRegressor
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression as Classifier
from sklearn.linear_model import Ridge
from sklearn.utils import estimator_checks
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

import polytask
from polytask import testing
from polytask.aggregation import MGDA, Aggregator, AmortisedAggregator
from polytask.architectures import Architecture, HardSharing
from polytask.augmentation import Augmentation
from polytask.bookkeeping import Budget
from polytask.data import FixedSplit, Split
from polytask.datafits import Datafit
from polytask.encoders import CNN, MLP, Encoder, NumericEmbedding
from polytask.estimators import MultiTaskEstimator
from polytask.learners import (
    Ensemble,
    Learner,
    LogisticRegression,
    PooledEstimator,
    PooledLinear,
    StackedTargets,
    TargetChain,
)
from polytask.linear_model import L21Regressor
from polytask.losses import Loss
from polytask.merging import Merging, TaskArithmetic
from polytask.metrics import Metric
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.observers import Observer
from polytask.penalties import Penalty
from polytask.sampling import Sampler
from polytask.search import Adaptive, Grouped, LearnedBranching, SharingPolicy
from polytask.tasks import Kind
from polytask.testing import tiny_dataset
from polytask.training import Trainer
from polytask.weighting import Weighting

FEW_STEPS = Budget(steps=4)
MIXED = tiny_dataset(["regression", "binary", "regression"], missing=0.3)
SPARSE = tiny_dataset(["regression", "binary", "regression"], missing=0.6)
CLASSES = tiny_dataset(["binary", "multiclass"], missing=0.3)
OWN_ROWS = tiny_dataset(["regression"] * 3, own_rows=True, n_rows=90)


def plain_encoder(in_shape):
    return nn.Linear(in_shape[0], 4)


# Numbers of rows in leaves and folds count rows, whatever their weights.
BOOSTED = {
    "learning_rate": 0.3,
    "max_leaf_nodes": 3,
    "min_samples_leaf": 1,
    "shrinkage": 0.0,
    "max_iter": 15,
    "folds": None,
    "random_state": 0,
}

# Of 15 rows and 30 features several split the rows alike, and rounding decides between them: predictions of weighted
# and of repeated rows agree, but those of the rows of weight 0, from which nothing was learned, do not.
EXCUSED = {
    "MultiTaskBoostingRegressor": {
        "check_sample_weight_equivalence_on_dense_data": "several features split the rows alike"
    }
}

# Arguments of public classes that cannot be made without any, or whose defaults are large.
ARGUMENTS = {
    "Branching": {"encoder": MLP((8, 8))},
    "AMTLRegressor": {"tol": 1e-5},  # both forms of rows end equally near to the solution
    "AdaTT": {"encoder": MLP((8, 8))},
    "AdaMerging": {"steps": 40},
    "Adapters": {"encoder": MLP((16,))},
    "Choices": {"values": ("relu", "gelu")},
    "ColumnSplit": {"column": "part"},
    "CrossStitch": {"encoder": MLP((8, 8))},
    "CustomEncoder": {"factory": plain_encoder},
    "Adaptive": {"architecture": HardSharing(MLP((8,)))},
    "DARE": {"method": TaskArithmetic(scale=0.5)},
    "Ensemble": {"learner": MultiTaskNetwork(HardSharing(MLP((8,)))), "members": 2},
    "Every": {"aggregator": MGDA(), "n": 3},
    "ExtraTrees": {"trees": 5},
    "FiLM": {"encoder": MLP((16,))},
    "FixedSplit": {"given": (Split({}, {}, {}),)},
    "GraphLaplacian": {"relations": ((0.0, 1.0, 2.0), (1.0, 0.0, 0.0), (2.0, 0.0, 0.0))},
    "GroupFoldSplit": {"column": "town"},
    "GroupSplit": {"column": "town"},
    "CGC": {"encoder": MLP((8,))},
    "COSMOS": {"encoder": MLP((16,))},
    "DirtyModelRegressor": {"tol": 1e-11},  # weighted and repeated rows are held together to 1e-7
    "DSelectK": {"encoder": MLP((8,))},
    "OMoE": {"encoder": MLP((8,))},
    "ParetoHyperNetwork": {"encoder": MLP((16,))},
    "PLE": {"encoder": MLP((8, 4))},
    "MMoE": {"encoder": MLP((8,))},
    "L21Classifier": {"tol": 1e-10},
    "MergedNetwork": {"architecture": HardSharing(MLP((8,)))},
    "MultiTaskBoostingClassifier": {**BOOSTED},
    "MultiTaskBoostingRegressor": {**BOOSTED},
    "MultiTaskNetwork": {"architecture": HardSharing(MLP((16,)))},
    "MTAN": {"encoder": MLP((8, 8))},
    "NDDR": {"encoder": MLP((8, 8))},
    "Grouped": {"architecture": HardSharing(MLP((8,))), "folds": 2, "seeds": 1},
    "HuggingFaceText": {
        "folder": "bert",
        "config": '{"model_type": "bert", "vocab_size": 9, "hidden_size": 8}',
        "digest": "0" * 32,
    },
    "HyperNetworkHeads": {"encoder": MLP((16,))},
    "ICMRegressor": {"max_iter": 15, "draws": 0},
    "JointEstimator": {"estimator": (PulledRegressor(), PulledClassifier())},
    "LMCRegressor": {"max_iter": 15, "draws": 0},
    "LearnedBranching": {"architecture": HardSharing(MLP((8, 8))), "starts": 2, "rounds": 0},
    "LoRA": {"encoder": MLP((16,))},
    "PathSearchCV": {"estimator": L21Regressor()},
    "PerTaskEstimator": {"estimator": (Ridge(), Classifier())},
    "PooledEstimator": {"estimator": RandomForestRegressor(n_estimators=5)},
    "Pretrained": {"recipe": CNN((4,)), "path": "weights.safetensors", "digest": "0" * 64},
    "Pooled": {"encoder": MLP((8, 8))},
    "Range": {"low": 0.0, "high": 1.0},
    "RandomForest": {"trees": 5},
    "STEM": {"encoder": MLP((8,))},
    "Separate": {"architecture": HardSharing(MLP((8,)))},
    "SharingPolicy": {"architecture": HardSharing(MLP((8, 8))), "starts": 2, "rounds": 0},
    "SharedPrivate": {"encoder": MLP((16,))},
    "Sluice": {"encoder": MLP((8, 8))},
    "StackedTargets": {"folds": 2},
    "Static": {"task_weights": (1.0, 2.0, 0.5)},
    "TargetChain": {"folds": 2},
    "Task": {"name": "income"},
    "TaskEmbedding": {"encoder": MLP((16,))},
    "TimeSplit": {"column": "when"},
    "Tokenizer": {"text": "{}"},
}


def rooms():
    names = [module.name for module in pkgutil.iter_modules(polytask.__path__)]
    return [f"polytask.{name}" for name in names if name not in {"__main__", "testing"}]


def is_contract(cls):
    return inspect.isabstract(cls) or ABC in cls.__bases__ or getattr(cls, "_is_protocol", False)


def public_classes():
    found = {}
    for room in rooms():
        module = importlib.import_module(room)
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) and not is_contract(thing):
                found[thing.__qualname__] = thing
    return [found[name] for name in sorted(found)]


def has_all(cls, protocol):
    names = [name for name in vars(protocol) if not name.startswith("_")]
    fields = getattr(cls, "__dataclass_fields__", {})
    return all(hasattr(cls, name) or name in fields for name in names)


def serving(base):
    """Public classes derived from a base class, or with all members of a protocol."""
    if getattr(base, "_is_protocol", False):
        return [cls for cls in public_classes() if has_all(cls, base)]
    return [cls for cls in public_classes() if base in cls.__mro__]


SHORT_PATH = {"n_alphas": 3, "eps": 0.1, "cv": 2}


def every(base):
    return pytest.mark.parametrize("cls", serving(base), ids=lambda cls: cls.__name__)


def made(cls):
    few = SHORT_PATH if "n_alphas" in inspect.signature(cls).parameters else {}
    return cls(**{**few, **ARGUMENTS.get(cls.__name__, {})})


def test_walking_the_rooms_finds_what_is_there():
    names = {cls.__name__ for cls in public_classes()}
    assert {"Task", "RMSE", "Huber", "Equal", "MGDA", "SingleTask", "Linear", "Trainer"} <= names
    assert MultiTaskNetwork in serving(Learner)
    assert not {"Loss", "Metric", "Learner", "Penalty"} & names


def test_every_check_is_public():
    checks = {name for name in testing.__all__ if name.startswith("check_")}
    problems = {name for name in testing.__all__ if name.lower().startswith(("tiny_", "toy_"))}
    assert checks | problems == set(testing.__all__)
    assert list(testing.__all__) == sorted(testing.__all__)


@pytest.mark.slow
def test_the_room_works_without_a_test_runner():
    code = """
import sys
sys.modules["pytest"] = None
from polytask.testing import check_kind
from polytask.tasks import Binary
check_kind(Binary())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@every(Kind)
def test_kinds(cls):
    testing.check_kind(made(cls))


@every(Loss)
def test_losses(cls):
    testing.check_loss(made(cls))


@every(Metric)
def test_metrics(cls):
    testing.check_metric(made(cls))


@every(Weighting)
def test_weightings(cls):
    only = {"Static": [3]}
    testing.check_weighting(made(cls), n_tasks=only.get(cls.__name__, (1, 2, 5)))


@every(Aggregator)
def test_aggregators(cls):
    testing.check_aggregator(made(cls))


@every(AmortisedAggregator)
def test_amortised_aggregators(cls):
    testing.check_aggregator(replace(made(cls), amortised=True))


@every(Sampler)
def test_samplers(cls):
    testing.check_sampler(made(cls))


@every(Augmentation)
def test_augmentations(cls):
    testing.check_augmentation(made(cls))


@every(Observer)
def test_observers(cls):
    testing.check_observer(made(cls))


@every(Architecture)
def test_architectures(cls):
    testing.check_architecture(made(cls))


@pytest.mark.slow
@pytest.mark.parametrize("encoder", [MLP((8,), dropout=0.5, normalization="layer"), plain_encoder])
@every(Architecture)
def test_architectures_with_other_encoders(cls, encoder):
    if "encoder" in inspect.signature(cls).parameters:
        testing.check_architecture(cls(encoder=encoder))


@every(Penalty)
def test_penalties(cls):
    testing.check_penalty(made(cls))


@every(Merging)
def test_merging_methods(cls):
    testing.check_merging(made(cls))


@every(Datafit)
def test_datafits(cls):
    testing.check_datafit(made(cls))


@pytest.mark.usefixtures("unchecked_types")
@every(MultiTaskEstimator)
def test_estimators(cls):
    testing.check_estimator(made(cls))


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.filterwarnings("ignore::UserWarning")  # such as strengths that leave nothing
@every(MultiTaskEstimator)
def test_estimators_pass_the_checks_of_scikit_learn(cls):
    excused = EXCUSED.get(cls.__name__)
    for result in estimator_checks.check_estimator(
        made(cls), expected_failed_checks=excused, on_fail=None, on_skip=None
    ):
        assert result["status"] != "failed", f"{result['check_name']}: {result['exception']}"


ONE_TABLE = (Adaptive, Grouped, LearnedBranching, SharingPolicy, StackedTargets, TargetChain)
"""Learners that take long, whose other forms of rows are tested with them."""


@every(Learner)
def test_learners(cls):
    pooling = issubclass(cls, PooledEstimator | PooledLinear)
    budget = FEW_STEPS if issubclass(cls, Adaptive | Ensemble | Grouped | MergedNetwork) else None
    data = [MIXED] if cls in ONE_TABLE else [OWN_ROWS] if pooling else None
    data = [CLASSES] if cls is LogisticRegression else data
    testing.check_learner(made(cls), data, budget=budget)


@every(Architecture)
def test_networks(cls):
    small = "encoder" in inspect.signature(cls).parameters
    network = MultiTaskNetwork(
        cls(encoder=MLP((8, 8, 8))) if small else made(cls), Trainer(patience=None)
    )
    data = [OWN_ROWS if cls.one_task_per_row else MIXED]
    testing.check_learner(network, data, budget=FEW_STEPS)


@every(Weighting)
def test_networks_balanced_by_weights(cls):
    weighting = made(cls)
    trainer = Trainer(weighting=weighting, batch_size=8)
    network = MultiTaskNetwork(HardSharing(MLP((8,))), trainer)
    testing.check_learner(network, [SPARSE], budget=FEW_STEPS)


@every(Aggregator)
def test_networks_balanced_by_aggregation(cls):
    trainer = Trainer(aggregation=made(cls), batch_size=8)
    network = MultiTaskNetwork(HardSharing(MLP((8,))), trainer)
    testing.check_learner(network, [SPARSE], budget=FEW_STEPS)


@every(Merging)
def test_networks_merged(cls):
    data = [tiny_dataset(["regression", "binary"], missing=0.3)]
    network = MergedNetwork(HardSharing(MLP((8,))), merging=made(cls))
    testing.check_learner(network, data, budget=FEW_STEPS)


def with_constraints():
    """Recipes; a schedule of the learning rate takes an optimiser, and has tests of its own.

    Estimators check their settings in `fit`, and are no recipes.
    """
    known = [cls for cls in public_classes() if hasattr(cls, "parameter_constraints")]
    return [cls for cls in known if not issubclass(cls, LRScheduler | BaseEstimator)]


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("cls", with_constraints(), ids=lambda cls: cls.__name__)
def test_parameters(cls):
    testing.check_parameters_reject_bad_values(cls, **ARGUMENTS.get(cls.__name__, {}))


RECIPES = [cls for cls in with_constraints() if cls is not FixedSplit]  # it holds rows


@pytest.mark.parametrize("cls", RECIPES, ids=lambda cls: cls.__name__)
def test_recipes(cls):
    testing.check_recipe_round_trip(made(cls))


def with_search_ranges():
    known = [cls for cls in public_classes() if getattr(cls, "search_ranges", None)]
    return [cls for cls in known if not issubclass(cls, MultiTaskEstimator)]


def test_search_ranges_are_declared_where_something_can_be_tuned():
    names = {cls.__name__ for cls in with_search_ranges()}
    assert {"MLP", "ResidualMLP", "HardSharing", "SingleTask", "Trainer"} <= names
    assert {"CAGrad", "DynamicWeightAverage", "FAMO", "FairGrad", "UncertaintyWeighting"} <= names
    assert {"GradientBoosting", "Linear", "PooledLinear"} <= names


@pytest.mark.parametrize("cls", with_search_ranges(), ids=lambda cls: cls.__name__)
def test_search_ranges(cls):
    testing.check_search_ranges(cls, **ARGUMENTS.get(cls.__name__, {}))


@pytest.mark.parametrize("cls", with_search_ranges(), ids=lambda cls: cls.__name__)
def test_every_declared_range_has_a_path_that_resolves(cls):
    learner = learner_with(made(cls))
    space = learner.search_space()
    own = {
        path: ranges
        for path, ranges in space.items()
        if path.rpartition(".")[2] in cls.search_ranges
    }
    assert {path.rpartition(".")[2] for path in own} == set(cls.search_ranges)
    for path, declared in own.items():
        for value in declared.examples():
            changed = learner.configured({path: value}).search_space()
            assert changed[path].default == value


@dataclass(frozen=True)
class HoldingAPenalty(Learner):
    penalty: Penalty

    def fit(self, train, validation, seed, budget):
        raise NotImplementedError


def learner_with(part):
    """A learner that holds the part, or is it."""
    match part:
        case Weighting():
            return MultiTaskNetwork(trainer=Trainer(weighting=part))
        case Aggregator():
            return MultiTaskNetwork(trainer=Trainer(aggregation=part))
        case Sampler():
            return MultiTaskNetwork(trainer=Trainer(sampler=part))
        case Encoder():
            return MultiTaskNetwork(HardSharing(part))
        case NumericEmbedding():
            return MultiTaskNetwork(HardSharing(MLP(numbers=part)))
        case Architecture():
            return MultiTaskNetwork(part)
        case Trainer():
            return MultiTaskNetwork(trainer=part)
        case Penalty():
            return HoldingAPenalty(part)
        case Merging():
            return MergedNetwork(merging=part)
    assert isinstance(part, Learner)
    return part
