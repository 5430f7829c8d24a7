"""Names with commas or one by one, as options list them."""

import pytest

from polytask.cli._listed_names import distinct_names, listed_names
from polytask.exceptions import ParameterError


def test_columns_with_commas_or_one_by_one():
    assert listed_names(["age, colour", "age", "x,y"], ["age", "colour", "x,y"]) == [
        "age",
        "colour",
        "x,y",
    ]


def test_a_known_name_is_taken_as_it_stands():
    assert listed_names([" b", " a, c"], [" b", "a", "c"]) == [" b", "a", "c"]


def test_a_name_that_is_listed_twice():
    assert distinct_names("--task", ["a", "b,c"], ["a", "b,c"]) == ["a", "b,c"]
    for values in (["a", "a"], ["a, a"], ["b", "a,b"]):
        with pytest.raises(ParameterError, match=r"--task names . twice\. Leave out one\."):
            distinct_names("--task", values, ["a", "b"])
