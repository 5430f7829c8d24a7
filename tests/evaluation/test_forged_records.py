"""Records and checkpoints that someone changed and sealed anew: a sentence, and nothing runs."""

import contextlib
import json
import random

import pytest
from fakes_evaluation import Apart, table
from forgery import at, places, put, trap
from fuzzed_bundles import HOSTILE, forged_json

import polytask
from polytask._files import sealed
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Comparison, Runner, RunRecord
from polytask.evaluation.running._left_out import remaining
from polytask.exceptions import (
    NonFiniteLossError,
    ParameterError,
    StudyError,
    UntrustedError,
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A comparison's folder."""
    folder = tmp_path_factory.mktemp("study") / "out"
    polytask.compare(table(), ["linear"], seeds=1, budget=Budget(steps=2), out=folder)
    return folder


@pytest.fixture(scope="module")
def record(tmp_path_factory) -> RunRecord:
    folder = tmp_path_factory.mktemp("runs")
    (split,) = RandomSplit().splits(table(), 0)
    runner = Runner(folder, table(), Budget())
    runner.store.prepare()
    return runner.run(runner.request(Apart(), split, 0))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("number", range(150))
def test_forged_run_records(record, number):
    draw = random.Random(number)
    values = forged_json(json.loads(json.dumps(record.to_dict())), draw)
    with contextlib.suppress(ValueError):  # anything else would be a traceback
        assert isinstance(RunRecord.from_dict(values).spec.key, str)


@pytest.mark.parametrize("value", [one for one in HOSTILE if one is not None])
def test_a_forged_run_record_in_a_folder(record, value, tmp_path):
    runner = Runner(tmp_path, table(), Budget())
    runner.store.prepare()
    path = tmp_path / "runs" / f"{record.spec.key}.json"
    changed = put(record.to_dict(), ("spec",), value)
    path.write_text(json.dumps(sealed(changed)))
    with trap(tmp_path) as alarms, pytest.raises(StudyError, match="damaged, or no record"):
        runner.store.read(record.spec.key)
    assert not alarms


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("number", range(60))
def test_forged_comparisons(study, number, tmp_path):
    draw = random.Random(number)
    values = json.loads((study / "comparison.json").read_text())
    values.pop("sha256")
    changed = forged_json(values, draw)
    if isinstance(changed, dict):
        changed = sealed(changed, but="seconds")
    (tmp_path / "comparison.json").write_text(json.dumps(changed))
    with trap(tmp_path) as alarms, contextlib.suppress(StudyError):
        Comparison.read(tmp_path)
    assert not alarms


@pytest.mark.parametrize("model", ["../model", "/etc", "runs", "", "model/../model"])
def test_a_model_elsewhere(study, model, tmp_path):
    values = json.loads((study / "comparison.json").read_text())
    values.pop("sha256")
    values["recommended"]["model"] = model
    (tmp_path / "comparison.json").write_text(json.dumps(sealed(values, but="seconds")))
    with pytest.raises(StudyError, match="lies beside its record"):
        Comparison.read(tmp_path)


@pytest.mark.parametrize("content", [b"[" * 5000, b"{", b"", b"\xff", b"[]", b'{"a": NaN}'])
def test_a_comparison_that_is_no_json(content, tmp_path):
    (tmp_path / "comparison.json").write_bytes(content)
    with pytest.raises(StudyError, match="damaged"):
        Comparison.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", NonFiniteLossError),
        ("NonFiniteLossError", NonFiniteLossError),
        ("ParameterError", ParameterError),
        ("UntrustedError", UntrustedError),
        ("__builtins__", StudyError),
        ("annotations", StudyError),
        ("os", StudyError),
        ("__doc__", StudyError),
    ],
)
def test_the_error_that_a_record_names(record, name, error):
    from dataclasses import replace

    from polytask.evaluation.running._candidates import make_candidates

    failed = replace(record, failure="It failed.", error=name)
    entrants = [one for one in make_candidates(["linear"], table().tasks) if one.requested]
    with pytest.raises(error, match="It failed"):
        remaining(entrants, {one.name: failed for one in entrants})


def test_every_place_is_reached(record):
    assert len(list(places(record.to_dict()))) > 30
    assert at(record.to_dict(), ("spec", "seed")) == 0
