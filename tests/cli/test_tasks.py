import pytest

from polytask.cli._tasks import column_names, parse_task
from polytask.exceptions import UnknownNameError
from polytask.tasks import Binary, Multilabel, Regression


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


def test_columns_with_commas_or_one_by_one():
    assert column_names(["age, colour", "age", "x,y"], ["age", "colour", "x,y"]) == [
        "age",
        "colour",
        "x,y",
    ]
