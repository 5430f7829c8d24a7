"""Texts that name tasks: columns, patterns, lists, each with its kind."""

import numpy as np
import pytest

from polytask.data import MultiTaskDataset, named_tasks, read
from polytask.exceptions import DataError, ParameterError, UnknownNameError
from polytask.tasks import Binary, Multilabel, Regression, Task


def parse_task(text, columns, role="primary"):
    (task,), _ = named_tasks([text], columns, role=role)
    return task


def test_a_name_alone_leaves_the_kind_to_the_data():
    task = parse_task("income", ["income"])
    assert (task.name, task.kind, task.columns, task.role) == (
        "income",
        None,
        ("income",),
        "primary",
    )


def test_a_kind_after_the_colon():
    assert parse_task("income:binary", ["income"]).kind == Binary()


def test_the_role():
    assert parse_task("income", ["income"], "auxiliary").role == "auxiliary"


@pytest.mark.parametrize(
    ("text", "columns", "name", "kind"),
    [
        ("a:binary", ["a:binary"], "a:binary", None),
        ("a:b:binary", ["a:b"], "a:b", Binary()),
        ("a:b:binary", ["a:b", "a:b:binary"], "a:b:binary", None),
        ("a=b", ["a=b"], "a=b", None),
        ("a=b:regression", ["a=b"], "a=b", Regression()),
    ],
)
def test_a_column_of_that_name_wins(text, columns, name, kind):
    task = parse_task(text, columns)
    assert (task.name, task.kind, task.columns) == (name, kind, (name,))


def test_several_columns_make_one_task():
    task = parse_task("genre=rock,pop:multilabel", ["rock", "pop"])
    assert (task.name, task.kind, task.columns) == ("genre", Multilabel(), ("rock", "pop"))


def test_several_columns_whose_kind_is_inferred():
    task = parse_task("where=x,y", ["x", "y"])
    assert (task.kind, task.columns) == (None, ("x", "y"))


def test_several_columns_with_colons_in_their_names():
    task = parse_task("where=x:m,y:m:regression", ["x:m", "y:m"])
    assert (task.kind, task.columns) == (Regression(), ("x:m", "y:m"))


def test_an_unknown_column_is_left_to_the_data():
    assert parse_task("incme:binary", ["income"]).columns == ("incme",)


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'binary'"):
        parse_task("income:binry", ["income"])


# ── patterns and lists ────────────────────────────────────────────────────────────────────────────
ASSAYS = [
    "x",
    "assay1",
    "assay2",
    "tox",
    "weight, kg",
    "a:b",
    "assay*",
    "y[1]",
    "y[2]",
    "p=1",
    "p=2",
]


def named(*texts, columns=ASSAYS, **options):
    """Names and kinds of the tasks."""
    tasks, _ = named_tasks(texts, columns, **options)
    return {task.name: task.kind and task.kind.name for task in tasks}


@pytest.mark.parametrize(
    ("text", "names", "kind"),
    [
        ("assay1,tox", ["assay1", "tox"], None),
        ("assay1, tox:binary", ["assay1", "tox"], "binary"),
        ("assay?", ["assay1", "assay2", "assay*"], None),
        ("assay?:binary", ["assay1", "assay2", "assay*"], "binary"),
        ("assay[12]:multiclass", ["assay1", "assay2"], "multiclass"),
        ("assay[!1]", ["assay2", "assay*"], None),
        ("*ox:regression", ["tox"], "regression"),
        ("assay*", ["assay*"], None),
        ("assay*:binary", ["assay*"], "binary"),
        ("weight, kg", ["weight, kg"], None),
        ("weight, kg:regression", ["weight, kg"], "regression"),
        ("tox,weight, kg,x:regression", ["tox", "weight, kg", "x"], "regression"),
        ("a:b,tox:binary", ["a:b", "tox"], "binary"),
        ("tox,a:b", ["tox", "a:b"], None),
        ("y[1]", ["y[1]"], None),
        ("y[1],y[2]:binary", ["y[1]", "y[2]"], "binary"),
        ("y[*:binary", ["y[1]", "y[2]"], "binary"),
        ("p=1", ["p=1"], None),
        ("p=*:binary", ["p=1", "p=2"], "binary"),
        ("tox,assay[12]:binary", ["tox", "assay1", "assay2"], "binary"),
    ],
)
def test_several_columns_that_are_a_task_each(text, names, kind):
    assert named(text) == dict.fromkeys(names, kind)


def test_kinds_of_single_columns_in_a_list():
    assert named("tox:binary,x:regression") == {"tox": "binary", "x": "regression"}
    assert named("tox:binary,x,weight, kg:regression") == {
        "tox": "binary",
        "x": "regression",
        "weight, kg": "regression",
    }


def test_a_kind_of_ones_own_for_all():
    tasks, _ = named_tasks(["assay[12]:polytask.tasks:Binary"], ASSAYS)
    assert [task.kind for task in tasks] == [Binary(), Binary()]


def test_patterns_pass_over_what_is_named_otherwise():
    assert named("*", reserved=["x", "tox"], columns=["x", "tox", "a", "b"]) == {
        "a": None,
        "b": None,
    }
    assert named("*:binary", "b:regression", columns=["a", "b"]) == {
        "a": "binary",
        "b": "regression",
    }
    tasks, _ = named_tasks(["a"], ["a", "b", "c"], auxiliary=["*:regression"])
    assert [(task.name, task.role) for task in tasks] == [
        ("a", "primary"),
        ("b", "auxiliary"),
        ("c", "auxiliary"),
    ]
    tasks, _ = named_tasks([Task("whole", target=["a", "b"]), "*"], ["a", "b", "c"])
    assert [task.name for task in tasks] == ["whole", "c"]


@pytest.mark.parametrize(("text", "kind"), [("t=", None), ("t=:binary", Binary())])
def test_a_column_with_an_empty_name_is_a_task_under_another(text, kind):
    (task,), _ = named_tasks([text], ["", "x"])
    assert (task.name, task.kind, task.columns) == ("t", kind, ("",))


def test_a_pattern_makes_several_columns_one_task():
    (task,), notes = named_tasks(["genre=g_*:multilabel"], ["g_rock", "g_pop", "x"])
    assert (task.name, task.kind, task.columns) == ("genre", Multilabel(), ("g_rock", "g_pop"))
    assert notes == ("'g_*' stands for 2 columns: g_rock, g_pop",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("asay[12]:binary", r"No column of the table matches 'asay\[12\]'\. Did you mean 'assay"),
        ("tox,asy*", r"No column of the table matches 'asy\*'\. Did you mean 'assay"),
        ("Assay?", r"No column of the table matches 'Assay\?'"),
        ("tox,xx", r"The target 'xx' is not a column of the table\. Did you mean 'x'"),
        ("tx,xx:binary", r"The target 'tx', 'xx' are not columns of the table"),
    ],
)
def test_a_pattern_or_list_of_what_is_not_there(text, sentence):
    with pytest.raises(DataError, match=sentence):
        named_tasks([text], ASSAYS)


def test_a_pattern_of_columns_that_are_all_named_otherwise():
    with pytest.raises(
        DataError, match=r"'t\*' matches only columns that are named otherwise: tox"
    ):
        named_tasks(["t*", "tox"], ASSAYS)


# ── in tables ─────────────────────────────────────────────────────────────────────────────────────
TABLE = {
    "x": np.arange(8.0),
    "w": np.ones(8),
    "assay1": [0, 1] * 4,
    "assay2": [1, 1, 0, 0] * 2,
    "dose": np.arange(8.0) ** 2,
}


@pytest.mark.parametrize("tasks", ["assay*:binary", ["assay*:binary"], ["assay1,assay2:binary"]])
def test_read(tasks):
    data = read(TABLE, tasks, weight="w")
    assert {task.name: task.kind for task in data.tasks} == {"assay1": Binary(), "assay2": Binary()}
    assert data.sources[0].inputs.columns == ["x", "dose"]


def test_read_notes_what_patterns_stand_for():
    data = MultiTaskDataset.from_table(TABLE, ["*", Task("dose")], features="x", weight="w")
    assert data.tasks.names == ("assay1", "assay2", "dose")
    assert data.notes[0] == "'*' stands for 2 columns: assay1, assay2"


def test_read_a_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,a1,a2,z\n1,0,1,2\n2,1,0,3\n3,0,1,4\n")
    for features in (None, ["x"]):
        data = read(path, "a?:binary", features=features, drop=[] if features else ["z"])
        assert data.tasks.names == ("a1", "a2")
        assert data.sources[0].inputs.columns == ["x"]


def test_read_one_target():
    assert read(TABLE, target="assay1:binary").tasks["assay1"].kind == Binary()
    long = {"x": np.arange(8.0), "y": np.arange(8.0), "who": ["a", "b"] * 4}
    for arguments in ({"target": "y:regression"}, {"tasks": "y:regression"}, {"target": "y*"}):
        data = read(long, task_column="who", **arguments)
        assert {task.kind for task in data.tasks} == {Regression()}
    with pytest.raises(ParameterError, match=r"one target serves all tasks\. Got x, y"):
        read(long, "x,y", task_column="who")
