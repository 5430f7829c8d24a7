from dataclasses import dataclass

import numpy as np
import pytest
from learner_tables import MIXED_TASKS
from sklearn.linear_model import Ridge

import polytask.architectures
import polytask.learners
from polytask._naming import snake_case
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.cli._learners import named_learner
from polytask.data import MultiTaskDataset
from polytask.encoders import LSTM
from polytask.evaluation import compare
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import (
    GradientBoosting,
    Learner,
    LightGBM,
    Linear,
    PerTaskEstimator,
    as_learners,
    default_learners,
    fit,
    resolve_learner,
)
from polytask.learners._as_learner import as_learner, encoder_note
from polytask.learners._table_networks import ensemble_note, form_note, has_images
from polytask.neural_network import MultiTaskNetwork
from polytask.search import Grouped
from polytask.tasks import Task, TaskSet
from polytask.testing import tiny_dataset


@pytest.mark.parametrize("name", ["gradient_boosting", "GradientBoosting", "Gradient-boosting"])
def test_recipes_by_any_spelling(name):
    assert resolve_learner(name) == GradientBoosting()


def test_architectures_become_networks():
    assert resolve_learner("hard_sharing") == MultiTaskNetwork(HardSharing())
    assert resolve_learner("SingleTask") == MultiTaskNetwork(SingleTask())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gradient_bosting", "gradient_boosting"),
        ("hard_sharring", "hard_sharing"),
        ("linaer", "linear"),
    ],
)
def test_the_nearest_name_is_suggested(name, meant):
    with pytest.raises(UnknownNameError, match=f"no model named '{name}'.*'{meant}'"):
        resolve_learner(name)


def test_an_encoder_in_the_place_of_a_model_is_named_with_a_network():
    with pytest.raises(UnknownNameError, match=r"'TabM': it is an encoder.*hard_sharing\+tab_m\."):
        resolve_learner("TabM")


def test_learners_that_search_are_objects_in_python():
    with pytest.raises(UnknownNameError, match=r"objects in Python, such as polytask\.search"):
        resolve_learner("adaptive")


@pytest.mark.parametrize("name", ["per_task_estimator", "MLP", "learner", "architecture"])
def test_classes_that_need_arguments_or_are_no_model_have_no_name(name):
    with pytest.raises(UnknownNameError):
        resolve_learner(name)


def test_a_class_of_the_users_own_is_imported():
    assert resolve_learner("polytask.learners:Linear") == Linear()
    assert resolve_learner("polytask.architectures:HardSharing") == MultiTaskNetwork(HardSharing())
    for name in ("polytask.learners:PerTaskEstimator", "builtins:dict", "polytask.tasks:Binary"):
        with pytest.raises(UnknownNameError, match="must be a learner or an architecture that"):
            resolve_learner(name)


def test_every_default_learner_is_named_as_it_resolves():
    for learner in default_learners(TaskSet(MIXED_TASKS)):
        assert resolve_learner(learner.name) == learner


def test_defaults_hold_a_baseline_and_a_joint_network():
    learners = default_learners(TaskSet(MIXED_TASKS))
    assert [learner.joint for learner in learners][:4] == [False, True, False, False]
    assert Linear() in learners


def test_defaults_hold_lightgbm_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(LightGBM, "is_installed", staticmethod(lambda: True))
    assert default_learners(TaskSet(MIXED_TASKS))[-1] == LightGBM()
    monkeypatch.setattr(LightGBM, "is_installed", staticmethod(lambda: False))
    assert LightGBM() not in default_learners()


def test_no_architecture_shadows_a_recipe():
    recipes = {snake_case(name) for name in polytask.learners.__all__}
    assert not recipes & {snake_case(name) for name in polytask.architectures.__all__}


@dataclass(frozen=True)
class Own(Learner):
    """A learner of a user's own, without a field for its name."""

    k: int = 1

    def fit(self, train, validation, seed, budget):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("learners", "remedy"),
    [
        (
            [MultiTaskNetwork(), HardSharing()],
            r"'hard_sharing' twice; give one of them another `label`: MultiTaskNetwork\(…, label=…\)",
        ),
        (
            [PerTaskEstimator(Ridge()), PerTaskEstimator(Ridge(2.0))],
            r"'ridge' twice; give one of them another `name`: PerTaskEstimator\(…, name=…\)",
        ),
        (
            [Own(1), Own(2)],
            r"'own' twice; let Own have a field `name: str = 'own'`, and give one of them another",
        ),
    ],
)
def test_two_learners_of_one_name(learners, remedy):
    tasks = TaskSet([task for task in MIXED_TASKS if task.known_kind.name == "regression"])
    with pytest.raises(ParameterError, match=remedy):
        as_learners(learners, "compare", tasks)


@pytest.mark.parametrize(
    ("kind", "n_tasks", "n_rows", "ensemble"),
    [
        ("regression", 8, 5000, "hard_sharing+packed_mlp"),
        ("regression", 9, 5000, "hard_sharing+packed_mlp(widths=128,128,128)"),
        ("binary", 2, 5000, "hard_sharing+tab_m"),
        ("binary", 2, 3000, "hard_sharing+packed_mlp(widths=64,64)"),
        ("binary", 2, 400, None),
        ("regression", 41, 5000, None),
        ("binary", 2, None, None),
    ],
)
def test_tables_of_some_size_get_an_ensemble_in_one_network(kind, n_tasks, n_rows, ensemble):
    tasks = TaskSet([Task(f"y{i}", kind) for i in range(n_tasks)])
    names = [learner.name for learner in default_learners(tasks, n_rows)]
    found = [name for name in names if "+" in name]
    assert found == ([] if ensemble is None else [ensemble])
    if n_rows is not None:
        note = ensemble_note(tasks, n_rows)
        assert (note is None) == (ensemble is None)
        assert note is None or note.startswith(f"{ensemble}, an ensemble inside one network, ")
    for name in found:
        assert named_learner(name).name == name


def test_networks_read_step_by_step_where_steps_are_labelled():
    tasks = TaskSet([Task("tags", "tokens"), Task("y", "binary")])
    names = [learner.name for learner in default_learners(tasks, 5000, images=True)]
    assert names == ["single_task+lstm", "hard_sharing+lstm"]
    assert ensemble_note(tasks, 5000, images=True) is None
    assert "since tags labels the steps of rows" in str(form_note(tasks))
    assert form_note(TaskSet([Task("y", "binary")])) is None
    assert encoder_note(["grouped"], tasks, (Grouped,)) is not None


def test_networks_keep_maps_where_pixels_are_labelled():
    tasks = TaskSet([Task("mask", "dense_classes"), Task("y", "binary")])
    names = [learner.name for learner in default_learners(tasks, 5000, images=True)]
    detail = "(batch_size=16)+u_net(widths=16,32,64)"
    assert names == [f"single_task{detail}", f"hard_sharing{detail}"]
    assert all(named_learner(name).name == name for name in names)
    assert ensemble_note(tasks, 5000, images=True) is None
    assert "u_net by default, since mask labels the pixels of images" in str(form_note(tasks))


@pytest.mark.parametrize(
    ("name", "of_steps", "of_pixels"),
    [
        ("hard_sharing", "hard_sharing+lstm", "hard_sharing(batch_size=16)+u_net(widths=16,32,64)"),
        (
            "mmoe(n_experts=4)+grad_norm",
            "mmoe(n_experts=4)+lstm+grad_norm",
            "mmoe(batch_size=16, n_experts=4)+u_net(widths=16,32,64)+grad_norm",
        ),
        ("ties", "ties+lstm", "ties(batch_size=16)+u_net(widths=16,32,64)"),
        (
            "ties(mmoe+mgda)",
            "ties(mmoe)+lstm+mgda",
            "ties(mmoe(batch_size=16)+u_net(widths=16,32,64)+mgda)",
        ),
        (
            "separate(mmoe)",
            "separate(mmoe+lstm)",
            "separate(mmoe(batch_size=16)+u_net(widths=16,32,64))",
        ),
        (
            "hard_sharing(trainer.batch_size=8)",
            "hard_sharing(trainer.batch_size=8)+lstm",
            "hard_sharing(trainer.batch_size=8)+u_net(widths=16,32,64)",
        ),
        ("mmoe(encoder=gru)", "mmoe(encoder=gru)", "mmoe(encoder=gru)"),
        ("hard_sharing+mlp", "hard_sharing", "hard_sharing"),
        ("mmoe+cnn", "mmoe+cnn", "mmoe+cnn"),
        ("linear", "linear", "linear"),
    ],
)
def test_networks_named_without_an_encoder_get_one_that_suits_the_tasks(name, of_steps, of_pixels):
    for kind, expected in {"tokens": of_steps, "dense_classes": of_pixels, "binary": None}.items():
        tasks = TaskSet([Task("y", kind)])
        (learner,) = as_learners([name], "compare", tasks)
        assert learner == as_learner(name, "fit", tasks) == resolve_learner(name, tasks=tasks)
        assert learner.name == (expected or resolve_learner(name).name)
        assert resolve_learner(learner.name) == learner
        suited = learner != resolve_learner(name)
        assert (encoder_note(["linear", name], tasks) is not None) == suited
    assert encoder_note(HardSharing(), tasks) is None


def test_what_is_given_as_an_object_or_by_a_label_keeps_it():
    tasks = TaskSet([Task("tags", "tokens"), Task("y", "binary")])
    assert as_learner(HardSharing(), "fit", tasks).name == "hard_sharing"
    labelled = as_learner("hard_sharing(label=mine)", "fit", tasks)
    assert (labelled.name, labelled.architecture.encoder) == ("mine", LSTM())
    for given in ("single_task", "hard_sharing"):
        assert as_learner(given, "fit", tasks) in default_learners(tasks)


def test_the_note_on_the_ensemble_says_why_and_how_to_leave_it_out():
    assert ensemble_note(TaskSet([Task("y", "binary")]), 11_984) == (
        "hard_sharing+tab_m, an ensemble inside one network, is compared by default, since there are "
        "11,984 rows (at least 500) and 1 task (at most 40). To leave it out, name the learners with "
        "--model (learners= in Python)."
    )


@pytest.mark.parametrize(
    "name",
    [
        "hard_sharing+tab_m(members=4)",
        "mmoe(n_experts=2)+residual_mlp+mgda",
        "HardSharing+PCGrad",
        "separate(mmoe(n_experts=2))",
        "linear(alpha=0.1)",
    ],
)
def test_python_takes_the_names_of_the_command_line(name):
    learner = named_learner(name)
    assert resolve_learner(name) == learner
    assert as_learners([name], "compare", TaskSet(MIXED_TASKS)) == [learner]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("mmoe(n_experts=2", "Close the bracket after the settings: mmoe(n_experts=4)."),
        ("mmoe,ple", "Give several as a list of names."),
    ],
)
def test_errors_on_names_are_about_whose_argument_they_are(name, remedy):
    with pytest.raises(ParameterError) as caught:
        as_learners([name], "compare", TaskSet(MIXED_TASKS))
    assert str(caught.value) == (
        "The `learners` parameter of compare must be NAME, NAME+METHOD, or NAME(PATH=VALUE, …) and "
        f"then +METHOD. Got {name!r} instead. {remedy}"
    )
    with pytest.raises(ParameterError, match=r"^The `name` parameter of resolve_learner must be "):
        resolve_learner(name)


def test_python_takes_names_with_settings_in_fit_and_compare():
    data = tiny_dataset()
    budget = Budget(steps=2, trials=1)
    name = "hard_sharing+tab_m(members=2, widths=4)"
    with pytest.warns(UserWarning, match="tab_m are trained with"):
        assert fit(data, name, budget=budget).name == name
    with pytest.raises(
        ParameterError, match=r"^The `learner` parameter of fit must be NAME, .*Got"
    ):
        fit(data, "mmoe,ple")
    comparison = compare(data, [name, "mmoe(n_experts=2)"], seeds=1, budget=budget, quiet=True)
    assert [row.name for row in comparison.learners][:4] == [
        "single_task+tab_m(members=2, widths=4)",
        "single_task",
        name,
        "mmoe(n_experts=2)",
    ]


def test_images_get_a_small_cnn_instead_of_an_ensemble():
    tasks = TaskSet([Task("y", "binary"), Task("z", "regression")])
    found = [learner.name for learner in default_learners(tasks, 5000, images=True)]
    name = "hard_sharing(batch_size=64)+cnn(widths=16,32,64)"
    assert [name for name in found if "+" in name] == [name]
    assert named_learner(name).name == name
    assert "since all rows have images" in str(ensemble_note(tasks, 300, images=True))
    many = TaskSet([Task(f"y{i}", "binary") for i in range(11)])
    assert ensemble_note(many, 5000, images=True) is None
    images, y = np.zeros((6, 3, 8, 8)), np.arange(6) % 2
    assert has_images(MultiTaskDataset.from_arrays(images, {"y": y}))
    assert not has_images(MultiTaskDataset.from_arrays(images[:, 0], {"y": y}))
