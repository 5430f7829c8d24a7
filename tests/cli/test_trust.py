"""Code that files name: what the command line trusts, and what it says where it does not."""

import json
import sys

import numpy as np
import polars as pl
import pytest
from cli_tables import HEAD, census, write_csv
from forgery import resealed, sealed_with
from fuzzed_bundles import saved
from learner_tables import mixed_table

from polytask._trust import trusted_here
from polytask.cli._trust_option import trusting

QUICK = ("-t", "income:binary", "--seeds", 1, "--trials", 1, "--steps", 2)
STRANGE = """
from dataclasses import dataclass

from polytask.tasks import Binary
from polytask.weighting import Weighting

open("imported", "w").close()


@dataclass
class Squares(Weighting):
    def scalarize(self, losses, present):
        return (losses.square() * present).sum()


@dataclass(frozen=True)
class Mine(Binary):
    name = "mine"
"""


@pytest.fixture(autouse=True)
def strange(tmp_path, monkeypatch):
    """A module of the user's that lies where the command runs."""
    (tmp_path / "strange_code.py").write_text(STRANGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("strange_code", None)


def study(folder, **settings):
    path = folder / "study.yaml"
    path.write_text(json.dumps(settings))
    return path


NAMED = [
    {"model": "hard_sharing+strange_code:Squares"},
    {"model": ["strange_code:Net"]},
    {"weighting": "strange_code:Squares"},
    {"aggregation": "strange_code:Squares"},
    {"target": "income:strange_code:Mine"},
    {"sampler": "strange_code:Squares"},
    {"observer": ["strange_code:Squares"]},
    {"set": {"trainer.observers": "strange_code:Squares"}},
    {"set": {"encoder": "strange_code:Squares"}},
    {"set": {"numbers": "strange_code:Squares"}},
    {"encoder": "strange_code:Squares"},
    {"encoder": "mlp(numbers=strange_code:Squares)"},
    {"model": "hard_sharing+tab_m(numbers=strange_code:Squares)"},
    {"set": {"trainer.weighting": "strange_code:Squares"}},
    {"set": {"trainer.observers": ["strange_code:A", "strange_code:B"]}},
    {"model": "mmoe(encoder=strange_code:Tower)"},
    {"model": "mmoe(trainer.weighting=strange_code:Squares)+mgda"},
    {"model": "separate(strange_code:Net)"},
    {"model": "separate(mmoe(encoder=strange_code:Tower))"},
    {"model": "ties(strange_code:Net)"},
    {"model": "soft_sharing(strange_code:Squares)"},
    {"model": {"mmoe": {"encoder": "strange_code:Tower"}}},
    {"model": {"soft_sharing": {"penalty": "strange_code:Squares"}}},
    {"sampler": "strange_code:Mixture:0.5"},
    {"metric": {"income": "roc_auc,strange_code:Squares"}},
    {"loss": ["income=strange_code:Squares"]},
    {"auxiliary": "level:strange_code:Mine"},
    {"target": "both=income,level:strange_code:Mine"},
]


@pytest.mark.parametrize("settings", NAMED, ids=lambda value: str(next(iter(value.items()))))
@pytest.mark.parametrize("command", ["compare", "fit"])
def test_a_study_file_names_code(polytask, table, strange, command, settings):
    given = {
        name: one[0] if command == "fit" and name == "model" and isinstance(one, list) else one
        for name, one in settings.items()
    }
    config = study(strange, table=str(table), **{"target": "income:binary", **given})
    ran = polytask(command, "--config", config)
    assert ran.status == 2
    assert "'strange_code:" in ran.error
    assert "--trust strange_code" in ran.error
    assert not (strange / "imported").exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "'strange_code:Net'"},
        {"model": "strange_code :Net"},
        {"model": "strange_code:Net(encoder=mlp)"},
        {"model": "strange_code"},
        {"model": "mmoe(encoder='strange_code:Tower')"},
        {"weighting": " strange_code:Squares"},
        {"set": {"encoder": ["strange_code:Tower"]}},
        {"set": {"trainer.optimizer": "strange_code:Squares"}},
        {"metric": "income='strange_code:Squares'"},
        {"target": "income:'strange_code:Mine'"},
        {"split": "strange_code:Squares"},
        {"device": "strange_code:Squares"},
        {"strange_code:Squares": 1},
    ],
    ids=lambda value: str(next(iter(value.items()))),
)
def test_a_study_file_names_code_in_odd_places(polytask, table, strange, settings):
    config = study(strange, **{"table": str(table), "target": "income:binary", **settings})
    ran = polytask("fit", "--config", config)
    assert ran.status == 2
    assert not (strange / "imported").exists()


def test_all_classes_of_a_study_file_are_named_at_once(polytask, table, strange):
    named = {"model": ["strange_code:A", "hard_sharing+other_code:B"], "metric": {"income": "m:C"}}
    config = study(strange, table=str(table), target="income:binary", **named)
    ran = polytask("compare", "--config", config, "--trust", "m")
    assert ran.status == 2
    assert "'strange_code:A' and 'other_code:B', which are no dataclasses" in ran.error
    assert "--trust strange_code --trust other_code" in ran.error
    assert not (strange / "imported").exists()


def test_trust_covers_what_is_defined_there(polytask, table, strange):
    """A module of the user's may import a class that a study file must not reach through it."""
    (strange / "front_of_strange.py").write_text("from strange_code import Squares\n")
    named = {"weighting": "front_of_strange:Squares"}
    config = study(strange, table=str(table), target="income:binary", steps=2, **named)
    ran = polytask("fit", "--config", config, "--trust", "front_of_strange")
    assert ran.status == 2
    assert "which front_of_strange only takes from strange_code." in ran.error
    exact = polytask("fit", "--config", config, "--trust", "front_of_strange:Squares")
    assert exact.status == 0, exact.err
    sys.modules.pop("front_of_strange")


def test_a_study_file_names_trusted_code(polytask, table, strange):
    settings = {"weighting": "strange_code:Squares", "target": "income:strange_code:Mine"}
    config = study(strange, table=str(table), steps=2, **settings)
    fitted = polytask("fit", "--config", config, "--trust", "strange_code")
    assert fitted.status == 0, fitted.err
    assert (strange / "imported").exists()
    refused = polytask("predict", "model", table)
    assert refused.status == 2
    assert "'strange_code:Mine'" in refused.error
    assert refused.out == ""
    assert polytask("predict", "model", table, "--trust", "strange_code").status == 0


def test_a_study_with_code_of_ones_own_reads_its_models(polytask, table, strange):
    arguments = ("-m", "hard_sharing+strange_code:Squares", "-t", "level:multiclass", "-o", "out")
    for _ in range(2):  # the second time all is read
        ran = polytask("compare", table, *QUICK, *arguments)
        assert ran.status == 0, ran.err


def test_names_that_were_typed_need_no_more(polytask, table, strange):
    config = study(strange, table=str(table), target="income:binary", steps=2)
    ran = polytask("fit", "--config", config, "--weighting", "strange_code:Squares")
    assert ran.status == 0, ran.err


@pytest.mark.parametrize("command", ["compare", "fit"])
@pytest.mark.parametrize("value", ["strange_code", ["strange_code"], []])
def test_a_study_file_cannot_trust_itself(polytask, table, strange, command, value):
    config = study(strange, table=str(table), target="income", trust=value)
    ran = polytask(command, "--config", config)
    assert ran.status == 2
    assert "no file may say of itself" in ran.error


def test_what_is_no_package(polytask, table):
    ran = polytask("fit", table, "-t", "income", "--trust", "../x")
    assert ran.status == 2
    assert "--trust must name" in ran.error


@pytest.mark.parametrize(
    ("option", "words", "trusted"),
    [
        ("model", ["hard_sharing+mine.models:Net"], ("mine.models.Net",)),
        ("model", "mmoe(encoder=mine:Tower)", ("mine.Tower",)),
        ("set", ["encoder=torch.optim:SGD"], ("torch.optim.SGD",)),
        ("sampler", "mine:Mixture:0.5", ("mine.Mixture",)),
        ("metric", ["north:income=roc_auc"], ()),
        ("target", ["income:mine.kinds:Odd"], ("mine.kinds.Odd",)),
        ("target", ["a=b,c:mine:Kind"], ("mine.Kind",)),
        ("target", ["a:count:negative_binomial", "b:quantile:0.1", "c=a,b:count:poisson"], ()),
        ("target", ["risk:ordinal:a:b<c:d", "risk:ordinal:x<y<os:system:call"], ()),
        ("target", ["a:mine:Kind", "risk:ordinal:x<y:other:Kind"], ("mine.Kind",)),
        ("auxiliary", ["income:binary", "risk:ordinal:a:b<c:d"], ()),
        ("split", "group:income", ()),
        ("config", "mine:Net", ()),
        ("weighting", "plain", ()),
        ("weighting", None, ()),
        ("affinity", ["strange:Head"], ("strange.Head",)),
        ("executor", "strange:Head(jobs=2)", ("strange.Head",)),
    ],
)
def test_what_was_typed(option, words, trusted):
    with trusting({option: words, "trust": None}):
        assert trusted_here() == trusted
    assert trusted_here() == ()


@pytest.mark.parametrize("option", ["--target", "--column"])
def test_columns_that_were_typed_trust_no_installed_module(polytask, strange, option):
    """A column may have the name of a module."""
    head = ["strange_code" if name == "income" else name for name in HEAD]
    rows = write_csv(strange / "rows.csv", census(), tuple(head))
    typed = {"--target": "strange_code:binary", "--column": "strange_code:categorical"}[option]
    config = study(strange, table=str(rows), target="strange_code", weighting=typed)
    ran = polytask("fit", "--config", config, option, typed)
    assert ran.status == 2
    assert "nothing of it was imported" in ran.error
    assert not (strange / "imported").exists()


@pytest.mark.parametrize(
    "name",
    [
        "polytask.__main__:main",
        "polytask.testing:check_learner",
        "polytask.cli:main",
        "polytask.tasks._binary:Binary",
        "polytask._trust:importlib",
        "polytask.strange_code:Net",
        "polytask:strange_code",
    ],
)
@pytest.mark.parametrize("option", ["model", "weighting", "metric", "target"])
def test_a_study_file_names_modules_of_polytasks_own(polytask, table, strange, name, option):
    settings = {"target": "income:binary", "model": "hard_sharing"}
    given = {"target": f"income:{name}", "metric": {"income": name}}.get(option, name)
    before = set(sys.modules)
    ran = polytask(
        "fit", "--config", study(strange, table=str(table), **settings | {option: given})
    )
    assert ran.status == 2
    assert "no public class of this polytask" in ran.error
    fresh = set(sys.modules) - before
    assert not fresh & {"polytask.__main__", "polytask.testing", "strange_code"}


# ── a forged model ────────────────────────────────────────────────────────────
FORGED = {
    "history": {"history": {"type": "os:system", "parameters": {"command": "touch imported"}}},
    "task": {"tasks": [{"type": "os:system", "parameters": {"command": "touch imported"}}]},
    "no files": {"files": {}},
    "model": {"model": "strange_code:Net"},
    "script": {"tasks": [{"type": "__main__:app", "parameters": {}}]},
    "schemas": {"schemas": {}},
    "lists": {"name": [[[]]]},
}


@pytest.mark.parametrize("change", FORGED)
def test_a_forged_model(polytask, strange, change):
    mixed_table(20).write_csv("rows.csv")
    files = saved("linear")[0]
    manifest = json.loads(files["bundle.json"]) | FORGED[change]
    sealed_with(files, strange / "model", manifest)
    ran = polytask("predict", "model", "rows.csv")
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("error: ")
    assert not (strange / "imported").exists()


def test_files_that_are_not_named_are_reported(polytask, strange):
    mixed_table(20).write_csv("rows.csv")
    folder = resealed(saved("linear")[0], strange / "model")
    (folder / "notes.txt").write_text("mine")
    ran = polytask("predict", "model", "rows.csv")
    assert ran.status == 0
    assert "note: model also holds notes.txt" in ran.err
    (folder / "evil.py").write_text("open('imported', 'w')")
    ran = polytask("predict", "model", "rows.csv")
    assert ran.status == 2
    assert "evil.py" in ran.error


def test_numbers_stay_the_same(polytask, strange):
    mixed_table(60).write_csv("rows.csv")
    files, expected = saved("linear")
    resealed(files, strange / "model")
    ran = polytask("predict", "model", "rows.csv", "-o", "out.csv")
    assert ran.status == 0, ran.err
    found = pl.read_csv("out.csv")
    np.testing.assert_allclose(found["price"].to_numpy(), expected["price"], rtol=1e-12)
