import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask._naming import (
    check_named,
    fold,
    made,
    nearest,
    public_classes,
    resolve,
    snake_case,
    suggestion,
)
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.metrics import Metric
from polytask.sampling import AnnealedTemperature, Sampler, Temperature, Uniform
from polytask.tasks import Binary, Kind, Task

ROOM = "polytask.tasks"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("HardSharing", "hard_sharing"),
        ("PCGrad", "pc_grad"),
        ("MGDA", "mgda"),
        ("R2", "r2"),
        ("F1", "f1"),
        ("NashMTL", "nash_mtl"),
        ("UncertaintyWeighting", "uncertainty_weighting"),
        ("equal", "equal"),
        ("", ""),
    ],
)
def test_snake_case(name, written):
    assert snake_case(name) == written
    assert fold(written) == fold(name)


@given(name=st.text(max_size=12))
def test_folding_is_blind_to_case_and_punctuation(name):
    assert fold(fold(name)) == fold(name)
    assert fold(f" -{name.upper().lower()}_") == fold(name.upper().lower())


def test_nearest():
    known = ["hard_sharing", "single_task", "ridge"]
    assert nearest("hard-shring", known) == "hard_sharing"
    assert nearest("SingleTasks", known) == "single_task"
    assert nearest("quantum", known) is None


def test_suggestions():
    assert suggestion("rige", ["ridge"]) == "Did you mean 'ridge'?"
    assert suggestion("zzz", ["b", "a"]) == "Known: a, b."
    assert suggestion("zzz", []) == "There are none."
    many = suggestion("zzz", [f"column {i:02}" for i in range(40)])
    assert many.endswith("column 18, column 19, ….")


@pytest.mark.parametrize("name", ["binary", "Binary", "BINARY", "bin_ary", "bi-nary"])
def test_resolving(name):
    assert resolve(name, ROOM, "kind of task", Kind) is Binary
    assert resolve("task", ROOM, "thing") is Task


@pytest.mark.parametrize("name", ["kind", "task", "infer_kind", "sys", "binry"])
def test_only_concrete_members_of_the_base(name):
    with pytest.raises(UnknownNameError, match=f"There is no kind of task named '{name}'"):
        resolve(name, ROOM, "kind of task", Kind)


def test_the_nearest_name_is_suggested():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'multilabel'\?"):
        resolve("multi_lable", ROOM, "kind of task", Kind)
    known = ", ".join(snake_case(name) for name in public_classes(ROOM, Kind))
    with pytest.raises(UnknownNameError, match=f"Known: {known}"):
        resolve("zzz", ROOM, "kind of task", Kind)


def test_the_nearest_name_is_spelt_as_users_write_it():
    said = r"There is no metric named 'roc_acu'\. Did you mean 'roc_auc'\?"
    with pytest.raises(UnknownNameError, match=said):
        check_named("roc_acu", "polytask.metrics", "metric", "Metric")
    with pytest.raises(UnknownNameError, match=said):
        resolve("roc_acu", "polytask.metrics", "metric", Metric)
    with pytest.raises(UnknownNameError, match=r"Known: accuracy, .*, …\. One of your own"):
        check_named("zzz", "polytask.metrics", "metric", "Metric")


def test_classes_of_the_users_own_are_imported_where_allowed():
    path = "polytask.tasks:Binary"
    assert resolve(path, "polytask.metrics", "kind of task", Kind, imports=True) is Binary
    with pytest.raises(UnknownNameError, match="There is no kind of task named"):
        resolve(path, ROOM, "kind of task", Kind)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("no_such_module:Kind", "cannot be imported: No module named 'no_such_module'"),
        ("polytask.tasks:Quaternary", "cannot be imported: .* has no attribute 'Quaternary'"),
        (":Binary", "must be written module:Class"),
        ("polytask.tasks:", "must be written module:Class"),
        ("polytask.tasks:Kind", r"must be a class that extends Kind and has its methods\. Add "),
        ("polytask.tasks:Task", r"must be a class that extends Kind\. Got the class Task instead"),
    ],
)
def test_what_cannot_be_imported(path, words):
    with pytest.raises(UnknownNameError, match=words):
        resolve(path, ROOM, "kind of task", Kind, imports=True)


def sampler(name):
    return made(name, "polytask.sampling", "sampler", Sampler, imports=True, value=True)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("temperature", Temperature()),
        ("temperature:0.3", Temperature(0.3)),
        ("Temperature:1", Temperature(1)),
        ("temperature:.5", Temperature(0.5)),
        ("temperature:2e-1", Temperature(0.2)),
        ("polytask.sampling:Temperature", Temperature()),
        ("polytask.sampling:Temperature:0.25", Temperature(0.25)),
        ("annealed_temperature:0.9", AnnealedTemperature(first=0.9)),
        ("uniform", Uniform()),
    ],
)
def test_a_number_after_a_name_is_its_first_argument(name, wanted):
    assert sampler(name) == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("uniform:0.5", "The sampler 'uniform' takes no value. Write 'uniform' alone."),
        ("uniform:half", "The sampler 'uniform' takes no value. Write 'uniform' alone."),
        (
            "temperature:half",
            "must be one number, the `alpha` of Temperature. Got 'half' instead.",
        ),
        ("temperature:", "Got '' instead."),
        ("temperature:nan", "Got 'nan' instead."),
        ("temperature:0.5:0.2", "Got '0.5:0.2' instead."),
        ("temperature:2", "The `alpha` parameter of Temperature must be a float in [0, 1]."),
        ("temprature:0.5", "There is no sampler named 'temprature'. Did you mean 'temperature'?"),
        ("temprature:half", "The sampler 'temprature:half' cannot be imported"),
        (":0.5", "The sampler ':0.5' must be written module:Class"),
    ],
)
def test_values_that_cannot_be_followed(name, words):
    with pytest.raises(ParameterError, match=re.escape(words)):
        sampler(name)


def test_a_value_is_part_of_a_name_where_it_is_not_asked_for():
    with pytest.raises(UnknownNameError, match="cannot be imported"):
        made("temperature:0.5", "polytask.sampling", "sampler", Sampler, imports=True)
