"""Settings of nested recipes by dotted path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polytask._paths import Written, applied, configured, find, settings_of
from polytask._trust import only_trusted
from polytask._validation import (
    Choice,
    Each,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Optional,
    Satisfies,
    check_parameters,
)
from polytask.exceptions import ParameterError, UnknownNameError, UntrustedError
from polytask.weighting import FAMO, DynamicWeightAverage, Equal, Static, Weighting


@dataclass(frozen=True)
class Inner:
    widths: tuple[int, ...] = (4,)
    rate: float = 0.1
    depth: int = 2

    parameter_constraints: ClassVar = {
        "widths": Each(Interval(int, 1)),
        "rate": Interval(float, 0.0, 1.0, closed="left"),
        "depth": Interval(int, 1),
    }

    def __post_init__(self):
        check_parameters(self)


@dataclass(frozen=True)
class Engine:
    rate: float = 0.5
    method: Weighting | None = None
    name: str = "adam"
    shared: bool = False
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    scale: float | tuple[float, ...] = 1.0
    factory: Any = None
    inners: Mapping[str, Any] = field(default_factory=dict)

    parameter_constraints: ClassVar = {
        "rate": Interval(float, 0.0),
        "method": Optional(InstanceOf((Weighting,))),
        "name": InstanceOf((str,)),
        "shared": InstanceOf((bool,)),
        "seed": Optional(Interval(int, 0)),
        "options": InstanceOf((Mapping,)),
        "scale": OneOf((Interval(float, 0.0), Each(Interval(float, 0.0)))),
        "factory": Optional(Satisfies(callable, "a factory")),
        "inners": MappingOf(Choice(("left", "right")), InstanceOf((Inner, Weighting))),
    }

    def __post_init__(self):
        check_parameters(self)
        if self.seed is not None and not self.shared:
            raise ParameterError("A seed needs `shared`.")


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    engine: Engine = field(default_factory=Engine)
    shape: str | None = None
    parts: tuple[Any, ...] = ()

    parameter_constraints: ClassVar = {"shape": Choice((None, "round", "square"))}

    def __post_init__(self):
        check_parameters(self)


def short(path, recipe=None):
    return find(settings_of(recipe or Outer()), path, "Outer").short


def test_every_setting_once_outer_ones_first():
    settings = settings_of(Outer())
    paths = [setting.path for setting in settings]
    assert paths[:4] == ["inner", "inner.widths", "inner.rate", "inner.depth"]
    assert len(paths) == len(set(paths)) == 4 + 3 + 9
    by_path = {setting.path: setting for setting in settings}
    assert by_path["inner.rate"].owner == "Inner"
    assert by_path["inner.rate"].value == 0.1
    assert by_path["inner.rate"].constraint == Inner.parameter_constraints["rate"]


@pytest.mark.parametrize("path", ["inner.depth", "depth"])
def test_the_beginning_may_be_left_out(path):
    assert configured(Outer(), {path: 5}).inner.depth == 5


def test_a_name_of_several_settings_needs_its_owner():
    assert configured(Outer(), {"engine.rate": 9.0}).engine.rate == 9.0
    with pytest.raises(ParameterError, match=r"may mean 'inner\.rate' or 'engine\.rate'"):
        configured(Outer(), {"rate": 0.2})


def test_short_paths_name_the_owner_and_one_setting():
    recipe = Outer(engine=Engine(method=DynamicWeightAverage()))
    assert short("engine.method.temperature", recipe) == "method.temperature"
    assert short("shape") == "shape"
    twins = Outer(inner=Inner(), parts=(Outer(),))
    settings = settings_of(twins)
    for setting in settings:
        assert find(settings, setting.short, "Outer").path == setting.path


def test_a_whole_path_wins_over_the_end_of_another():
    @dataclass(frozen=True)
    class Twice:
        depth: int = 1
        inner: Inner = field(default_factory=Inner)

    assert configured(Twice(), {"depth": 7}) == Twice(depth=7)
    assert configured(Twice(), {"inner.depth": 7}).inner.depth == 7


def test_nothing_else_changes_and_the_recipe_stays_as_it_was():
    before = Outer(shape="round")
    after = configured(before, {"inner.widths": (8, 8), "engine.options": {"a": 1}})
    assert after == Outer(Inner(widths=(8, 8)), Engine(options={"a": 1}), "round")
    assert before == Outer(shape="round")


@pytest.mark.parametrize("turned", [False, True])
def test_recipes_come_before_what_is_inside_them(turned):
    settings = {"method": DynamicWeightAverage(), "method.temperature": 3.0}
    given = dict(reversed(settings.items())) if turned else settings
    assert configured(Outer(), given).engine.method == DynamicWeightAverage(3.0)
    famo = Outer(engine=Engine(method=FAMO(gamma=0.5)))
    anew = configured(famo, {"method.gamma": 0.2, "method": FAMO(learning_rate=1.0)})
    assert anew.engine.method == FAMO(learning_rate=1.0, gamma=0.2)


@pytest.mark.parametrize("first", ["seed", "shared"])
def test_settings_of_one_owner_are_set_together(first):
    settings = {"seed": 3, "shared": True}
    given = {first: settings[first], **settings}
    assert configured(Outer(), given).engine == Engine(seed=3, shared=True)


def test_a_named_class_takes_what_it_requires_from_other_settings():
    method, weights = ("engine.method", Written("static")), Written("1,2.5")
    for path in ("method.task_weights", "task_weights"):
        assert configured(Outer(), dict([method, (path, weights)])).engine.method == Static(
            (1, 2.5)
        )
    bad = Written("1,x")
    with pytest.raises(ParameterError, match=r"^The `method\.task_weights` parameter of Static "):
        configured(Outer(), dict([("method.task_weights", bad), method]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dynamic_weight_average(temperature=3)", DynamicWeightAverage(temperature=3.0)),
        ("polytask.weighting:DynamicWeightAverage(temperature=3)", DynamicWeightAverage(3.0)),
        ("static(task_weights=(1,2))", Static((1.0, 2.0))),
    ],
)
def test_a_named_class_takes_settings_in_brackets(text, value):
    assert configured(Outer(), {"engine.method": Written(text)}).engine.method == value


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"method": "dynamic_weight_average(temprature=3)"},
            "no setting named 'method.temprature'",
        ),
        (
            {"method": "dynamic_weight_average(3)"},
            r"must be NAME or NAME\(PATH=VALUE, …\)\. Got 'dy",
        ),
        ({"method": "dynamic_weight_average(temperature=3,temperature=4)"}, "gives .* twice"),
        ({"method": "famo( )"}, "Leave out the brackets: famo"),
        (
            {"method": "dynamic_weight_average(temperature=x)"},
            "`method.temperature` parameter of D",
        ),
        (
            {"method": "dynamic_weight_average(temperature=3)", "method.temperature": "4"},
            "'method.temperature' is given twice. Give it once.",
        ),
        (
            {"method": "dynamic_weight_average(temperature=3)", "temperature": "4"},
            "'temperature' and 'method.temperature' are one setting. Give it once.",
        ),
    ],
)
def test_settings_in_brackets_that_cannot_be_read(settings, words):
    with pytest.raises(ParameterError, match=words):
        configured(Outer(), {path: Written(text) for path, text in settings.items()})


def test_brackets_of_plain_text_stay():
    assert configured(Outer(), {"engine.name": Written("a(b=c)")}).engine.name == "a(b=c)"
    recipe = configured(Outer(), {"engine.options.kind": Written("a(b=c)")})
    assert recipe.engine.options == {"kind": "a(b=c)"}


def test_options_take_any_name():
    recipe = configured(Outer(), {"engine.options.momentum": 0.9, "options.nesterov": True})
    assert find(settings_of(recipe), "options.momentum", "Outer").value == 0.9
    assert recipe.engine.options == {"momentum": 0.9, "nesterov": True}
    again = configured(recipe, {"options.momentum": 0.5})
    assert again.engine.options == {"momentum": 0.5, "nesterov": True}


def test_recipes_in_a_mapping_have_settings_of_their_own():
    recipe = Outer(engine=Engine(inners={"left": Inner()}))
    changed = configured(recipe, {"left.depth": 5, "inners.right": Written("famo")})
    assert changed.engine.inners == {"left": Inner(depth=5), "right": FAMO()}
    with pytest.raises(ParameterError, match=r"`inners` parameter of Engine must be a mapping of"):
        configured(recipe, {"inners.middle": Inner()})


def test_estimators_have_the_parameters_that_they_name():
    ridge = Ridge(alpha=2.0)
    recipe = Outer(parts=(ridge, LogisticRegression()))
    changed = configured(recipe, {"alpha": 5.0, "max_iter": 7})
    assert (changed.parts[0].alpha, changed.parts[0].max_iter) == (5.0, 7)
    assert changed.parts[1].max_iter == 7
    assert (ridge.alpha, ridge.max_iter) == (2.0, None)
    pipeline = Outer(parts=(make_pipeline(StandardScaler(), Ridge()),))
    assert configured(pipeline, {"ridge__alpha": 3.0}).parts[0][-1].alpha == 3.0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("inner.dpeth", r"no setting named 'inner\.dpeth'\. Did you mean 'inner\.depth'\?"),
        ("dpeth", r"Did you mean 'inner\.depth'\?"),
        ("inner.shape", r"Did you mean 'shape'\?"),
        ("outer.depth", r"Did you mean 'inner\.depth'\?"),
        ("inner.zzz", r"Known: inner\.widths, inner\.rate, inner\.depth\.$"),
        ("zzz", r"Known: inner, engine, shape, "),
        ("", r"no setting named ''\. Known"),
        ("method.temperature", r"since its 'engine\.method' is None"),
        ("inner.depth.more", "no setting named"),
        ("inner.", "no setting named"),
        (".depth", "no setting named"),
    ],
)
def test_a_path_that_names_nothing(path, words):
    with pytest.raises(UnknownNameError, match=words):
        configured(Outer(), {path: 1})


def test_values_are_checked_by_their_owner():
    with pytest.raises(
        ParameterError, match=r"`rate` parameter of Inner must be a float in \[0, 1"
    ):
        configured(Outer(), {"inner.rate": 1.5})


@pytest.mark.parametrize(
    "settings",
    [{"depth": 1, "inner.depth": 2}, {"method": Equal(), "engine.method": Equal()}],
)
def test_one_setting_under_two_paths(settings):
    with pytest.raises(ParameterError, match=r"are one setting\. Give it once"):
        configured(Outer(), settings)


def test_paths_that_do_not_apply_are_left():
    recipe, left = applied(Outer(), {"depth": 4, "dropout": 0.1, "method.mu": 1.0})
    assert recipe == Outer(Inner(depth=4))
    assert list(left) == ["dropout", "method.mu"]


TEXTS = [
    ("inner.rate", "0.25", 0.25),
    ("inner.rate", "0", 0.0),
    ("inner.rate", "1e-3", 1e-3),
    ("inner.depth", "3", 3),
    ("inner.widths", "64,64", (64, 64)),
    ("inner.widths", "64", (64,)),
    ("inner.widths", "(64, 32)", (64, 32)),
    ("inner.widths", "[64,]", (64,)),
    ("inner.widths", "()", ()),
    ("shape", "None", None),
    ("shape", "null", None),
    ("shape", "Square", "square"),
    ("engine.name", "rmsprop", "rmsprop"),
    ("engine.name", "3", "3"),
    ("engine.name", "a,b", "a,b"),
    ("engine.shared", "true", True),
    ("engine.shared", "False", False),
    ("engine.scale", "2", 2.0),
    ("engine.scale", "2,0.5", (2.0, 0.5)),
    ("engine.method", "famo", FAMO()),
    ("engine.method", "none", None),
    ("engine.method", "polytask.weighting:Equal", Equal()),
    ("engine.factory", "math:sqrt", __import__("math").sqrt),
    ("engine.factory", "decimal:Decimal", __import__("decimal").Decimal),
    ("engine.options.momentum", "0.9", 0.9),
    ("engine.options.betas", "0.9,0.99", (0.9, 0.99)),
    ("engine.options.nesterov", "true", True),
    ("engine.options.kind", "plain", "plain"),
    ("engine.options.kind", "(64", "(64"),
    ("engine.options.kind", "(a,b),(", (("a", "b"), "(")),
    ("engine.options.kind", "[)", "[)"),
    ("engine.options.n", "3", 3),
    ("engine.options.nothing", "~", None),
]


@pytest.mark.parametrize(("path", "text", "value"), TEXTS)
def test_text_is_read_as_its_owner_wants_it(path, text, value):
    recipe = configured(Outer(), {path: Written(text)})
    found = find(settings_of(recipe), path, "Outer").value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("inner.rate", "1.5", r"`inner\.rate` parameter of Inner must be a float in \[0, 1\)"),
        ("inner.rate", "nan", r"Got nan instead"),
        ("inner.rate", "fast", r"Got 'fast' instead"),
        ("depth", "2.5", r"`inner\.depth` parameter of Inner must be an int in \[1, inf"),
        ("depth", "true", r"Got 'true' instead"),
        ("inner.widths", "64,x", r"a tuple of values, each an int in \[1, inf\)\. Got '64,x'"),
        ("inner.widths", "64,0", r"Got '64,0' instead"),
        ("inner.widths", "(64", r"Got '\(64' instead"),
        ("inner.widths", "(" * 2000 + ")" * 2000, r"a tuple of values, each an int"),
        ("shape", "oval", r"one of None, 'round', 'square'\. Got 'oval'"),
        ("engine.shared", "maybe", r"an instance of bool\. Got 'maybe' instead"),
        (
            "engine.method",
            "fmao",
            r"`engine\.method` parameter of \w+ cannot be 'fmao': there is no weighting named 'fmao'\. Did you",
        ),
        (
            "engine.method",
            "static",
            r"cannot be 'static': it needs `method\.task_weights`, which must be set, too\. In Py",
        ),
        ("engine.options", "a", "an instance of Mapping. Got 'a'"),
        ("engine.factory", "sqrt", "a factory or None. Got 'sqrt'"),
        ("engine.factory", "math:sqr", r"cannot be imported"),
    ],
)
def test_text_that_cannot_be_read(path, text, words):
    with pytest.raises(ParameterError, match=words):
        configured(Outer(), {path: Written(text)})


@pytest.mark.parametrize("path", ["engine.method", "engine.factory"])
def test_text_of_a_file_imports_nothing_untrusted(path):
    with only_trusted([]), pytest.raises(UntrustedError, match="users_balancing"):
        configured(Outer(), {path: Written("users_balancing:Halves")})
