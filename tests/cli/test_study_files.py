"""What study files may hold, and the sentence for everything else."""

import time

import pytest

from polytask.cli._setting_types import expectation
from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.cli._study_file import read_study_file
from polytask.exceptions import ParameterError, SourceFileError


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.yaml"

    def write(text: str | bytes):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def read(path, kind=CompareSettings):
    return settings(kind, {"config": path})


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x0: 1, x1: 1, x2: 1, x3: 1, x4: 1, x5: 1, x6: 1, x7: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: " + "[" * 5000 + "]" * 5000, "lists in lists, more than 20 deep"),
        ("[" * 100_000, "lists in lists, more than 20 deep"),
        ("seeds: " + "{a: " * 3000 + "1" + "}" * 3000, "lists in lists, more than 20 deep"),
        ("- " * 3000, "lists in lists, more than 20 deep"),
        (BOMB + "target: *i\n", "more than 100,000 values"),
        (MERGES, "more than 100,000 values"),
        ("target: [" + "a, " * 120_000 + "]", "more than 100,000 values"),
        ("target: &a [x, *a]", r"\*a refers to itself"),
        ("target: *none", "line 1: found undefined alias 'none'"),
        ("#" * 1_000_001, "more than 1 MB"),
        ("seeds: 1\nseeds: 2", "line 2: 'seeds' stands there twice"),
        ("column: {a: date, b: date, a: numeric}", "line 1: 'a' stands there twice"),
        ("a:\n\t- b", r"line 2: found character '\\t' that cannot start any token; indent with"),
        ("a: [", "line 1: expected the node content"),
        ("a: b: c", "line 1: mapping values are not allowed here"),
        ("? [1, 2]\n: 3", "line 1: a name must be text"),
        ("a: 1\n---\nb: 2", "but found another document"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: values have no tags"),
        ("a: !!python/name:os.system", "line 1: values have no tags"),
        ("a: !mine 3", "line 1: values have no tags"),
        ("seeds: !!int many", "line 1: values have no tags"),
        ("seeds: !!int ''", "line 1: values have no tags"),
        ("seeds: !!bool perhaps", "line 1: values have no tags"),
        ("out: !!timestamp 2024-13-45", "line 1: values have no tags"),
        ("seeds: !!int 0x" + "f" * 9000, "line 1: values have no tags"),
        ("drop: !!set {x}", "line 1: values have no tags"),
        ("seeds: " + "9" * 5000, "4300 digits"),
        ('device: "\\ud800"', "surrogates not allowed"),
        ('"\\ud800": 1', "surrogates not allowed"),
        ("a: \0", "unacceptable character #x0000"),
        (b"\xff\xfea\x00:\x00", "it is not UTF-8 text"),
        (b"a: \xe4", "it is not UTF-8 text"),
        ("- a\n- b", r"must hold names and values, as `seeds: 3`. Got \['a', 'b'\] instead"),
        ("just text", "must hold names and values"),
        ("3", "must hold names and values"),
        ("false", "must hold names and values"),
    ],
)  # fmt: skip
def test_what_is_no_study_file(study, text, words):
    started = time.monotonic()
    with pytest.raises(SourceFileError, match=words) as caught:
        read(study(text))
    assert "study.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: 1e9", "`seeds` parameter of .*study.yaml must be a whole number from 1 to 10,000. Got 1000000000.0 instead."),
        ("seeds: 1000000000", "a whole number from 1 to 10,000. Got 1000000000 instead."),
        ("seeds: 0", "a whole number from 1 to 10,000. Got 0"),
        ("seeds: -3", "a whole number from 1 to 10,000. Got -3"),
        ("seeds: 2.5", "a whole number from 1 to 10,000. Got 2.5"),
        ("seeds: .inf", "a whole number .* Got inf"),
        ("seeds: .nan", "a whole number .* Got nan"),
        ("seeds: true", "a whole number .* Got True"),
        ("seeds: many", "a whole number .* Got 'many'"),
        ("seeds: [1, 2]", r"a whole number .* Got \[1, 2\]"),
        ("seeds: {a: 1}", "a whole number"),
        ("jobs: 1e9", "`jobs` .* a whole number from 1 to 10,000"),
        ("trials: 1e9", "`trials` .* a whole number from 1 to 10,000"),
        ("steps: 1e12", "`steps` .* a whole number from 1 to 1,000,000,000"),
        ("epochs: 0", "`epochs` .* a whole number from 1"),
        ("aggregate-every: 0", "`aggregate_every` .* a whole number from 1"),
        ("out: ''", "`out` .* must be a path. Got '' instead"),
        ("out: '   '", "`out` .* must be a path"),
        (r'out: "a\0b"', "`out` .* must be a path"),
        ("out: ~nobody-of-this-name/x", "`out` .* must be a path"),
        ("out: 3", "`out` .* must be a path. Got 3 instead"),
        ("out: [a]", "`out` .* must be a path"),
        (r'table: "a\0b.csv"', "`table` .* must be a path"),
        ("table: ''", "`table` .* must be a path"),
        ("target: 2020", "`target` .* must be text or a list of texts. Got 2020 instead. Write it in quotes, as '2020'."),
        ("target: [a, 1]", "`target` .* must be text or a list of texts. Got 1 instead. Write it in quotes"),
        ("target: [a, [b]]", "`target` .* must be text or a list of texts"),
        ("target: {a: b}", "`target` .* must be text or a list of texts"),
        ("weight: 3", "`weight` .* must be text, a list of texts, or a mapping of task"),
        ("split: 3", "`split` .* must be text. Got 3 instead. Write it in quotes, as '3'."),
        ("quiet: perhaps", "`quiet` .* must be true or false. Got 'perhaps'"),
        ("quiet: 3", "`quiet` .* must be true or false. Got 3"),
        ("1: x", "no option named '1'"),
        ("null: x", "no option named 'null'"),
        ("'': x", "no option named ''"),
        ("sedes: 3", "no option named 'sedes'. Did you mean 'seeds'"),
        ("task-column: a\ntask_column: b", "'task_column' stands there twice"),
        ("config: other.yaml", "no option named 'config'"),
        ("no_header: perhaps", "`no_header` .* must be true or false"),
        ("decimal: 3", "`decimal` .* must be text, or a mapping of source to text. Got 3"),
        ("separator: [1]", "`separator` .* must be text, or a mapping of source to text. Got .1. inst"),
        ("names: 3", "`names` .* must be text, a list of texts, or a mapping of source to names. Got 3 ins"),
        ("missing: true", "`missing` .* must be a cell, a list of cells, or a mapping of column"),
        ("missing: {a: ~}", "`missing` .* must be a cell, .*. Got {'a': None} instead"),
        ("column: [[a]]", "`column` .* must be text, a list of texts, or a mapping of column to"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_names_the_option_and_the_remedy(study, text, words):
    with pytest.raises(ParameterError, match=words) as caught:
        read(study(text))
    assert "study.yaml" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("kind", [CompareSettings, FitSettings])
def test_every_setting_says_what_is_expected(kind):
    for field in kind.model_fields.values():
        assert expectation(field.annotation, field.metadata)


@pytest.mark.parametrize("seed", ["-1", "4294967296", "1e20"])
def test_a_seed_that_is_none(study, seed):
    with pytest.raises(ParameterError, match="a whole number from 0 to 4,294,967,295"):
        read(study(f"seed: {seed}"), FitSettings)


def test_the_command_line_is_named_where_it_is_at_fault(study):
    with pytest.raises(ParameterError, match="The `seeds` parameter of the command line must be"):
        settings(CompareSettings, {"config": study("seeds: 3"), "seeds": 10**9})
    with pytest.raises(ParameterError, match="The `out` parameter of the command line must be a p"):
        settings(CompareSettings, {"out": ""})


def test_words_that_look_like_something_else(study):
    found = read(study("target: [no, on, 12:30, 2024-01-01, '7', 'null']\nweight: yes\nquiet: yes"))
    assert found.target == ["no", "on", "12:30", "2024-01-01", "7", "null"]
    assert (found.weight, found.quiet) == (["yes"], True)


def test_names_of_columns_stay_as_they_are_written(study):
    assert read_study_file(study("column: {no: date, 2020: numeric, 1.10: drop}")) == {
        "column": {"no": "date", "2020": "numeric", "1.10": "drop"}
    }


def test_plain_numbers(study):
    text = "a: [1, -2, +3, 0, 1.5, .5, 1e3, -1E-2, 007, 1_000, 0x10]"
    assert read_study_file(study(text)) == {
        "a": [1, -2, 3, 0, 1.5, 0.5, 1000.0, -0.01, "007", "1_000", "0x10"]
    }


def test_what_is_fine(study, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    text = (
        "\ufeffseeds: 3.0\nout: ~/x\ntable:\ntrials: '2'\njobs: 10000\ntarget: &t [a]\ndrop: *t\n"
    )
    found = read(study(text))
    assert (found.seeds, found.out, found.table, found.trials) == (3, tmp_path / "x", None, 2)
    assert (found.jobs, found.target, found.drop) == (10_000, ["a"], ["a"])
    many = [f"column{i}" for i in range(20_000)]
    assert read(study(f"features: [{', '.join(many)}]")).features == many


def test_a_folder_and_a_name_that_no_file_has(tmp_path):
    for path in (tmp_path, tmp_path / "none", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(SourceFileError, match="cannot be read"):
            read(path)


def test_from_the_command(polytask, tmp_path):
    (tmp_path / "study.yaml").write_text("seeds: " + "[" * 5000 + "]" * 5000)
    ran = polytask("compare", "--config", "study.yaml")
    assert ran.status == 2
    assert ran.err.startswith("error: The study file study.yaml cannot be read: it has lists in l")
    for out in ("", "a\0b"):
        ran = polytask("compare", "t.csv", "-t", "a", "--out", out)
        assert (ran.status, "--out must be a path" in ran.err) == (
            2,
            True,
        )
