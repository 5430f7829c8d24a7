import re

import pytest
from users_observer import WeightNorm

from polytask import architectures, learners
from polytask.aggregation import MGDA, Aggregator
from polytask.cli._balancing import balanced, balancing, check_sampler
from polytask.cli._learners import named_learner
from polytask.cli._observers import with_observers
from polytask.cli._settings import FitSettings
from polytask.cli._training_options import USUAL_AGGREGATIONS, USUAL_WEIGHTINGS
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.gradients import ENGINES
from polytask.observers import GradientConflict
from polytask.sampling import Temperature
from polytask.testing import tiny_dataset
from polytask.training import Trainer
from polytask.weighting import UncertaintyWeighting, Weighting


def options(**given):
    return FitSettings(**given)


def test_a_name_as_tables_print_it_is_the_same_learner():
    learner = named_learner("HardSharing+UncertaintyWeighting+mgda")
    assert named_learner(learner.name) == learner
    assert isinstance(learner.trainer.weighting, UncertaintyWeighting)
    assert isinstance(learner.trainer.aggregation, MGDA)


def test_only_joint_networks_are_balanced():
    learners = [named_learner(name) for name in ("single_task", "hard_sharing", "linear")]
    found = balanced(learners, balancing(options(weighting="uncertainty_weighting")))
    assert [learner.name for learner in found] == [
        "single_task",
        "hard_sharing+uncertainty_weighting",
        "linear",
    ]


def test_nothing_to_balance():
    with pytest.raises(ParameterError, match=r"--weighting balances .* linear shares nothing"):
        balanced([named_learner("linear")], balancing(options(weighting="equal")))
    with pytest.raises(ParameterError, match="single_task shares nothing"):
        named_learner("single_task+mgda")


def test_a_method_that_needs_arguments():
    with pytest.raises(ParameterError, match="'static' needs task_weights"):
        balancing(options(weighting="static"))
    with pytest.raises(ParameterError, match=r"give the object: polytask.aggregation.Every\("):
        named_learner("hard_sharing+every")
    with pytest.raises(ParameterError, match=r"users_balancing.Scaled\(by=…\)"):
        balancing(options(weighting="users_balancing:Scaled"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "hard_sharin",
            (
                "There is no model named 'hard_sharin'. Did you mean 'hard_sharing'? One of your own is "
                "written module:Class."
            ),
        ),
        (
            "hard_sharing+mgad",
            "There is no encoder, weighting or aggregation named 'mgad'. Did you mean 'mgda'?",
        ),
    ],
)
def test_unknown_names(name, sentence):
    with pytest.raises(UnknownNameError) as caught:
        named_learner(name)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_the_help_names_all_models(polytask, command):
    words = set(re.findall(r"\w+", polytask(command, "--help").out))
    assert {name for one in learners.__all__ if (name := _learner_name(one))} <= words
    listed = set(re.findall(r"\w+", polytask("methods").out))
    names = {name for one in architectures.__all__ if (name := _learner_name(one))}
    assert {name.partition("(")[0] for name in names} <= words | listed


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_the_help_names_the_usual_methods_and_where_all_are(polytask, command):
    words = set(re.findall(r"\w+", polytask(command, "--help").out))
    assert {*USUAL_WEIGHTINGS, *USUAL_AGGREGATIONS} <= words
    assert "polytask methods" in polytask(command, "--help").out
    for name in USUAL_WEIGHTINGS:
        assert isinstance(Trainer(weighting=name).weighting, Weighting)
    for name in USUAL_AGGREGATIONS:
        assert isinstance(Trainer(aggregation=name).aggregation, Aggregator)


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_the_help_names_all_engines(polytask, command):
    assert set(ENGINES.options) <= set(re.findall(r"\w+", polytask(command, "--help").out))


@pytest.mark.parametrize("word", ["pc_grad", "PCGrad", "pcgrad", "PC-grad"])
def test_methods_in_any_spelling(word):
    assert named_learner(f"hard_sharing+{word}").name == "hard_sharing+pc_grad"


def test_methods_of_the_users_own():
    learner = named_learner("hard_sharing+users_balancing:Halves+users_balancing:Squares")
    assert learner.name == "hard_sharing+squares+halves"
    found = options(weighting="users_balancing:Squares", aggregation="users_balancing:Halves")
    (other,) = balanced([named_learner("hard_sharing")], balancing(found))
    assert other == learner


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:Halves", "cannot be imported: No module named 'no_such_module'"),
        ("users_balancing:torch", "must be a class that extends Encoder, Weighting or Aggregator"),
        ("polytask.tasks:Task", "must be a class that extends Encoder, Weighting or Aggregator"),
        (
            "polytask.weighting:Weighting",
            "must be a class that extends Weighting and has its methods. Add ",
        ),
    ],
)
def test_what_is_no_method_of_the_users_own(name, words):
    with pytest.raises(UnknownNameError, match=words):
        named_learner(f"hard_sharing+{name}")


def test_how_gradients_are_aggregated():
    how = balancing(options(engine="per_task", aggregate_every=4))
    asked = [named_learner(name) for name in ("hard_sharing", "hard_sharing+mgda", "linear")]
    plain, aggregated, _ = balanced(asked, how)
    assert plain == asked[0]
    assert (aggregated.trainer.engine, aggregated.trainer.aggregate_every) == ("per_task", 4)


def test_how_nothing_is_aggregated():
    how = balancing(options(weighting="equal", engine="per_task", aggregate_every=4))
    with pytest.raises(
        ParameterError, match=r"--engine and --aggregate-every say how .* no model aggregates"
    ):
        balanced([named_learner("hard_sharing")], how)


def test_wrong_ways_of_aggregating():
    words = "`engine` parameter of Trainer must be .* Got 'fast'"
    with pytest.raises(ParameterError, match=words):
        balancing(options(engine="fast"))


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("hard_sharing+mgda", {"aggregation": "cagrad"}),
        ("hard_sharing+mgda", {"aggregation": "mgda"}),
        ("hard_sharing+famo", {"weighting": "equal"}),
    ],
)
def test_a_model_and_an_option_that_name_the_same_slot(model, given):
    (slot,) = given
    others = [named_learner("hard_sharing"), named_learner("linear")]
    sentence = rf"^hard_sharing\+\w+ names its {slot} itself, and --{slot} names one too"
    with pytest.raises(ParameterError, match=sentence):
        balanced([*others, named_learner(model)], balancing(options(**given)))
    assert len(balanced(others, balancing(options(**given)))) == 2


def test_a_model_and_an_option_that_name_different_slots():
    given = balancing(options(weighting="famo", engine="per_task"))
    (found,) = balanced([named_learner("hard_sharing+mgda")], given)
    assert (found.name, found.trainer.engine) == ("hard_sharing+famo+mgda", "per_task")


def test_a_model_that_names_two_methods_of_a_slot():
    with pytest.raises(ParameterError, match="two methods of aggregation, mgda and cagrad"):
        named_learner("hard_sharing+mgda+cagrad")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"aggregation": "famo"},
            "There is no aggregation named 'famo': it is a weighting. Give --weighting famo.",
        ),
        (
            {"weighting": "mgda"},
            "There is no weighting named 'mgda': it is an aggregator. Give --aggregation mgda.",
        ),
    ],
)
def test_a_method_under_the_option_of_the_other_room(given, sentence):
    with pytest.raises(UnknownNameError) as caught:
        balancing(options(**given))
    assert str(caught.value) == sentence


def test_a_jacobian_aggregator_makes_no_weights_to_keep():
    how = balancing(options(aggregate_every=3))
    with pytest.raises(ParameterError, match=r"`aggregate_every` parameter of Trainer must be 1"):
        balanced([named_learner("hard_sharing+grad_drop")], how)


def _learner_name(name):
    try:
        return named_learner(name).name
    except UnknownNameError:
        return None


def test_a_sampler_reaches_joint_networks_and_needs_several_sources():
    given = FitSettings(sampler="temperature:0.25")
    joint, single = balanced(
        [named_learner("hard_sharing"), named_learner("single_task")], balancing(given)
    )
    assert joint.trainer.sampler == Temperature(0.25)
    assert single.trainer.sampler is None
    data = tiny_dataset(["regression", "binary"])
    with pytest.raises(ParameterError, match=r"--sampler says how rows .* one source"):
        check_sampler(given, data)
    check_sampler(given, tiny_dataset(["regression", "binary"], own_tables=True))
    check_sampler(FitSettings(), data)
    with pytest.raises(
        ParameterError, match=r"--sampler chooses the rows of a joint network, but linear shares"
    ):
        balanced([named_learner("linear")], balancing(given))


def test_observers_reach_the_networks_that_can_serve_them():
    names = ["gradient-conflict:2", "users_observer:WeightNorm"]
    learners = [named_learner(name) for name in ("hard_sharing", "single_task", "linear")]
    joint, single, linear = with_observers(learners, names)
    assert joint.trainer.observers == (GradientConflict(2), WeightNorm())
    assert single.trainer.observers == (WeightNorm(),)
    assert linear == learners[2]
    assert with_observers(learners, []) == tuple(learners)


@pytest.mark.parametrize(
    ("models", "name", "words"),
    [
        (["single_task"], "gradient_conflict", r"--observer gradient_conflict compares what tasks"),
        (["linear"], "users_observer:WeightNorm", "weight_norm measures .* but linear is no net"),
        (["hard_sharing"], "gradient_conflct", "no observer named 'gradient_conflct'. Did you"),
    ],
)
def test_an_observer_that_nothing_serves(models, name, words):
    with pytest.raises(ParameterError, match=words):
        with_observers([named_learner(model) for model in models], [name])
