"""Settings of recipes without constraints: their annotations say what a text may mean."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pytest
from users_settings import Colour, EveryType, Inner

from polytask._paths import Written, configured, settings_of
from polytask._recipes import from_json, to_json
from polytask.constraints import Interval, check_parameters
from polytask.exceptions import ParameterError
from polytask.ranges import Range
from polytask.weighting import FAMO

GOOD = [
    ("whole", "3", 3),
    ("rate", "3", 3.0),
    ("rate", "1e-3", 0.001),
    ("truth", "TRUE", True),
    ("text", "5", "5"),
    ("text", "none", "none"),
    ("text", "a,b", "a,b"),
    ("widths", "3", (3,)),
    ("widths", "3, 4", (3, 4)),
    ("widths", "()", ()),
    ("pair", "2,b", (2, "b")),
    ("listed", "[1,2.5]", (1.0, 2.5)),
    ("bare", "5,x", (5, "x")),
    ("maybe", "none", None),
    ("maybe", "4", 4),
    ("maybe_text", "none", None),
    ("maybe_text", "4", "4"),
    ("either", "4", 4),
    ("either", "x", "x"),
    ("choice", "b", "b"),
    ("choice", "3", 3),
    ("colour", "blue", Colour.BLUE),
    ("colour", "r", Colour.RED),
    ("inner", "users_settings:Inner", Inner()),
    ("inner.rate", "0.5", 0.5),
    ("method", "famo", FAMO()),
    ("shares.a", "0.5", 0.5),
    ("called", "math:sqrt", math.sqrt),
    ("positive", "3", 3),
    ("anything", "3", 3),
    ("anything", "x", "x"),
    ("unknown", "x", "x"),
    ("untrue", "1.5", 1.5),
    ("endless", "3", 3),
]


@pytest.mark.parametrize(("path", "text", "value"), GOOD)
def test_texts_that_a_field_accepts(path, text, value):
    recipe = configured(EveryType(), {path: Written(text)})
    found = recipe
    for name in path.split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    assert (type(found), found) == (type(value), value)
    assert to_json(from_json(to_json(recipe))) == to_json(recipe)


BAD = [
    ("whole", ["abc", "2.5", "none", "true", "", "1,2"], "an int"),
    ("positive", ["abc"], "an int"),
    ("rate", ["abc", "none", "inf"], "a finite float"),
    ("inner.rate", ["x"], "a finite float"),
    ("truth", ["yes", "1"], "one of True, False"),
    ("widths", ["a", "3,a", "2.5"], "a tuple of values, each an int"),
    ("pair", ["2", "1,a,b"], "a tuple of 2 values, each an int or an instance of str"),
    ("maybe", ["x", "2.5"], "an int or None"),
    ("choice", ["c"], "one of 'a', 'b', 3"),
    ("colour", ["green"], "one of RED, BLUE"),
    ("inner", ["abc"], "an instance of Inner"),
    ("shares", ["abc"], "a mapping of an instance of str to a finite float"),
    ("shares.a", ["x"], "a finite float"),
    ("called", ["abc"], r"a function or class \(module:Name\) or None"),
]
NUMBERS = {"2.5", "1", "2", "inf"}
NAMES = [
    ("inner", "users_settings:Colour", "the inner .* must be a class that extends Inner"),
    ("method", "no_such", r"there is no weighting named 'no_such'\. Known: auto_lambda, "),
    ("method", "users_settings:Inner", "the weighting .* must be a class that extends Weighting"),
    ("called", "users_settings:Nothing", "the setting .* cannot be imported: .*'Nothing'"),
]


@pytest.mark.parametrize(
    ("path", "text", "words"), [(path, text, words) for path, texts, words in BAD for text in texts]
)
def test_texts_that_no_field_accepts(path, text, words):
    sentence = rf"The `{path}` parameter of \w+ must be {words}\. Got {text if text in NUMBERS else repr(text)} instead\.$"
    with pytest.raises(ParameterError, match=sentence):
        configured(EveryType(), {path: Written(text)})


@pytest.mark.parametrize(("path", "text", "words"), NAMES)
def test_names_that_no_field_accepts(path, text, words):
    sentence = rf"The `{path}` parameter of \w+ cannot be '{text}': {words}"
    with pytest.raises(ParameterError, match=sentence):
        configured(EveryType(), {path: Written(text)})


@dataclass(frozen=True)
class Declared:
    k: int = 5
    parameter_constraints: ClassVar = {"k": Interval(int, 1)}

    def __post_init__(self):
        check_parameters(self)


def test_what_is_declared_comes_before_the_annotation():
    with pytest.raises(ParameterError, match=r"`k` parameter of Declared must be an int in \[1, i"):
        configured(Declared(), {"k": Written("0")})


@dataclass(frozen=True)
class Misspelt:
    strength: int = 5
    search_ranges: ClassVar = {"strenght": Range(1, 9, integer=True)}


class MisspeltConstraint(Declared):
    parameter_constraints: ClassVar = {"kk": Interval(int, 1)}


def test_what_is_declared_of_no_field_is_refused():
    sentence = "Misspelt declares a search range of 'strenght', .* Did you mean 'strength'?"
    with pytest.raises(ParameterError, match=sentence):
        settings_of(Misspelt())
    with pytest.raises(ParameterError, match="MisspeltConstraint declares a constraint of 'kk'"):
        MisspeltConstraint()
