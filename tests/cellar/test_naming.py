import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask._naming import fold, nearest, resolve, snake_case, suggestion
from polytask.exceptions import UnknownNameError
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
    assert many.endswith("column 10, column 11, ….")


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
    with pytest.raises(UnknownNameError, match="Known: binary, multiclass, multilabel, regression"):
        resolve("zzz", ROOM, "kind of task", Kind)


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
        (":Binary", "cannot be imported"),
        ("polytask.tasks:Kind", "must be a class that extends Kind wholly"),
        ("polytask.tasks:Task", "must be a class that extends Kind wholly"),
    ],
)
def test_what_cannot_be_imported(path, words):
    with pytest.raises(UnknownNameError, match=words):
        resolve(path, ROOM, "kind of task", Kind, imports=True)
