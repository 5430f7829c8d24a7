import dataclasses
import json
import math
import sys
import types
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from polytask import _trust
from polytask._recipes import from_json, import_path, names_in, to_json
from polytask._trust import only_trusted
from polytask.exceptions import ParameterError, UntrustedError
from polytask.tasks import Binary, Task


@dataclasses.dataclass(frozen=True)
class Holder:
    """Stands for any recipe."""

    value: Any = None
    seen: int = dataclasses.field(default=0, init=False)

    class Inner:
        """A factory in a class."""


# A module that can be imported by its name, as pytest's of this file cannot.
Holder.__module__ = "polytask_recipe_tests"
Holder.Inner.__module__ = "polytask_recipe_tests"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    module = types.ModuleType("polytask_recipe_tests")
    module.Holder = Holder
    monkeypatch.setitem(sys.modules, "polytask_recipe_tests", module)


def round_trip(value):
    return from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
        inner.map(Holder),
    ),
    max_leaves=8,
)


@given(value=PLAIN)
def test_nestings_of_plain_values(value):
    assert round_trip(value) == value
    assert round_trip(Holder(value)) == Holder(value)


@pytest.mark.parametrize(
    ("value", "back"),
    [
        ([1, [2]], (1, (2,))),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (math.inf, math.inf),
        ({"type": "x", 1: (2,)}, {"type": "x", 1: (2,)}),
        (Binary, Binary),
        (math.sqrt, math.sqrt),
        (json.dumps, json.dumps),
        (Holder.Inner, Holder.Inner),
        (Task("a", Binary("yes"), weight=0.5), Task("a", Binary("yes"), weight=0.5)),
    ],
    ids=lambda value: getattr(value, "__qualname__", repr(value)),
)
def test_values(value, back):
    assert round_trip(value) == back


def test_not_a_number():
    assert math.isnan(round_trip(math.nan))


def test_estimators():
    back = round_trip(Holder(Ridge(alpha=2.0))).value
    assert isinstance(back, Ridge)
    assert back.alpha == 2.0


def test_public_paths():
    assert import_path(Task) == "polytask.tasks:Task"
    assert import_path(HistGradientBoostingRegressor) == (
        "sklearn.ensemble:HistGradientBoostingRegressor"
    )
    assert import_path(json.JSONDecoder) == "json.decoder:JSONDecoder"
    assert import_path(import_path) == "polytask._recipes:import_path"


def local():
    class Hidden: ...

    return Hidden


@pytest.mark.parametrize("thing", [lambda: 3, local()], ids=["lambda", "local class"])
def test_what_no_other_process_could_import(thing):
    with pytest.raises(ParameterError, match="Define it at the top of a module of its own"):
        to_json(thing)


def test_things_of_the_main_script(monkeypatch):
    monkeypatch.setattr(Holder, "__module__", "__main__")
    monkeypatch.setattr(_trust, "_IN_SCRIPT", {})
    written = to_json(Holder())
    assert written["type"] == "__main__:Holder"  # a worker process has it, though not as a script
    assert isinstance(from_json(written), Holder)
    with only_trusted([]), pytest.raises(UntrustedError, match=r"trusted=\['__main__.Holder'\]"):
        from_json(written)
    with only_trusted(["__main__.Holder"]):
        assert isinstance(from_json(written), Holder)
    another = type("Holder", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Holder", another, raising=False)
    with pytest.raises(ParameterError, match="Holder was defined anew in the script or notebook"):
        to_json(Holder())
    monkeypatch.setattr(_trust, "_IN_SCRIPT", {})
    monkeypatch.delattr(sys.modules["__main__"], "Holder")
    with pytest.raises(ParameterError, match="It was defined in a script or notebook: put it"):
        from_json(written)


class Bounded:
    """As metrics and losses are: named by their classes."""

    named_by_class = True

    def __init__(self, bound):
        self.bound = bound


def test_settings_that_no_dataclass_declares():
    with pytest.raises(
        ParameterError, match=r"Bounded has settings of its own \(bound\).*dataclass"
    ):
        to_json(Bounded(0.9))


def test_elementwise_functions_of_numpy():
    assert to_json(np.log1p) == {"import": "numpy:log1p"}
    assert from_json({"import": "numpy:log1p"}) is np.log1p
    assert list(names_in(to_json([np.log1p]))) == ["numpy:log1p"]
    with pytest.raises(UntrustedError, match=r"numpy\.log1p"):
        from_json({"import": "numpy:log1p"}, trusted=())
    with pytest.raises(ParameterError, match="A recipe cannot hold"):
        to_json(np.frompyfunc(abs, 1, 1))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", 1j, np.zeros(2)])
def test_what_a_recipe_cannot_hold(value):
    with pytest.raises(ParameterError, match="A recipe cannot hold"):
        to_json(Holder(value))


@pytest.mark.parametrize("path", ["no.such.module:Thing", "polytask.tasks:Tusk", "json"])
def test_what_is_not_there(path):
    with pytest.raises(ParameterError, match=r"cannot be imported here .*Install the package"):
        from_json({"import": path})
