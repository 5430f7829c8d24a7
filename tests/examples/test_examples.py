"""The examples run."""

import importlib
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_plain_loop(capsys):
    runpy.run_path(str(EXAMPLES / "plain_loop.py"), run_name="__main__")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("step   0")
    assert last.startswith("step 200")


def test_funnel_esmm(capsys):
    example = runpy.run_path(str(EXAMPLES / "funnel_esmm.py"))
    example["main"](rows=400, steps=30)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["customer 0", "customer 1", "customer 2"]


def test_hierarchical(capsys):
    example = runpy.run_path(str(EXAMPLES / "hierarchical.py"))
    example["main"](rows=100, steps=20)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Hierarchical", "HardSharing"]


@pytest.mark.slow
def test_compare_digits(tmp_path, capsys):
    example = runpy.run_path(str(EXAMPLES / "compare_digits.py"))
    example["main"](steps=50, seeds=1, report=str(tmp_path / "report.html"))
    assert "three digits" in capsys.readouterr().out
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_risk_and_time(capsys):
    example = runpy.run_path(str(EXAMPLES / "risk_and_time.py"))
    figures = example["main"](rows=1200, steps=150, seeds=1)
    assert "hard_sharing: disease, roc_auc" in capsys.readouterr().out
    assert (figures["hard_sharing"][0, :2] > 0.6).all()


@pytest.mark.slow
def test_balancing_multi_mnist(polytask_data, capsys):
    example = runpy.run_path(str(EXAMPLES / "balancing_multi_mnist.py"))
    example["main"](rows=300, steps=25)
    heads = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert heads == ["plain sum", "uncertainty_weighting", "mgda"]


def test_two_heads(capsys):
    example = runpy.run_path(str(EXAMPLES / "two_heads.py"))
    example["main"](steps=5)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines][-2:] == ["L1, λ 0.001", "L2, λ 0.001"]
    assert len(lines) == 5


@pytest.mark.slow
def test_soft_sharing(capsys):
    example = runpy.run_path(str(EXAMPLES / "soft_sharing.py"))
    example["main"](steps=5, seeds=1)
    out = capsys.readouterr().out
    assert "single_task" in out
    assert "soft_sharing, alpha 1.0" in out


def test_task_relations(tmp_path, capsys):
    example = runpy.run_path(str(EXAMPLES / "task_relations.py"))
    example["main"](steps=150, out=str(tmp_path / "relations.svg"))
    share, drawn = capsys.readouterr().out.splitlines()[-2:]
    assert int(share.split("%")[0]) > 90
    assert "task_5" in (tmp_path / "relations.svg").read_text()
    assert drawn.endswith("relations.svg")


def test_two_tables(capsys):
    example = runpy.run_path(str(EXAMPLES / "two_tables.py"))
    draws = example["main"](steps=5, seeds=(0, 1))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    for pair, (alone, joined, chosen) in (("related", lines[:3]), ("unrelated", lines[3:])):
        first, second = (draw[0.0].test for draw in draws[pair])
        wanted = f"{pair}, ratio 0.0: test error {first:.3f}, {second:.3f}; mean"
        assert alone.startswith(wanted)
        assert joined.startswith(f"{pair}, ratio 1.0")
        best = [min(draw, key=lambda ratio: draw[ratio].validation) for draw in draws[pair]]
        assert chosen == f"{pair}: chosen {best[0]}, {best[1]}"


def compared(out, *learners):
    """Whether a printed comparison has the learners."""
    return all(any(line.startswith(name) for line in out.splitlines()) for name in learners)


def test_shared_cnn(capsys):
    example = runpy.run_path(str(EXAMPLES / "shared_cnn.py"))
    example["main"](steps=5, seeds=1)
    assert compared(capsys.readouterr().out, "single_task+cnn", "hard_sharing+cnn")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sizes", "learners"),
    [
        ("two_inputs", {"rows": 200, "test_rows": 100}, ("single_task+by_role", "hard_sharing")),
        ("sentiment_and_topic", {"rows": 300}, ("hard_sharing+n_gram_bag", "linear")),
        ("customers", {"rows": 4000}, ("hard_sharing", "esmm", "gradient_boosting")),
        ("side_effects", {}, ("hard_sharing: mean ROC-AUC", "linear: mean ROC-AUC")),
    ],
)
def test_on_public_data(name, sizes, learners, polytask_data, capsys):
    example = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    example["main"](steps=5, seeds=1, **sizes)
    assert compared(capsys.readouterr().out, *learners)


@pytest.mark.slow
def test_several_domains(polytask_data, capsys):
    example = runpy.run_path(str(EXAMPLES / "several_domains.py"))
    example["main"](steps=5, folds=2)
    assert compared(capsys.readouterr().out, "hard_sharing, uniform", "linear", "single_task")


def test_forecast_ett(polytask_data, capsys):
    example = runpy.run_path(str(EXAMPLES / "forecast_ett.py"))
    errors = example["main"](steps=5, seeds=1, every=24)
    assert errors["ridge per series"] < errors["the day before"] < 0.5
    assert "HardSharing: " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forecast_traffic", "volatility"])
def test_generated_series(name, capsys):
    example = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    example["main"](steps=5, seeds=1)
    assert compared(capsys.readouterr().out, "single_task", "hard_sharing", "linear")


@pytest.mark.slow
def test_recommendation(capsys):
    example = runpy.run_path(str(EXAMPLES / "recommendation.py"))
    example["main"](n_users=60, steps=5, seeds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["last days"] * 5 + ["new users"] * 5


@pytest.mark.slow
def test_segmentation_and_depth(capsys):
    example = runpy.run_path(str(EXAMPLES / "segmentation_and_depth.py"))
    example["main"](rows=40, size=16, steps=2, seeds=1)
    assert compared(capsys.readouterr().out, "single_task", "hard_sharing", "mtan", "cross_stitch")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["waveforms", "short_video"])
def test_other_modalities(name, capsys, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)  # the chosen model names its module
    importlib.import_module(name).main(rows=100, steps=5, seeds=1)
    assert compared(capsys.readouterr().out, "single_task", "hard_sharing")


@pytest.mark.slow
def test_detection(capsys):
    example = runpy.run_path(str(EXAMPLES / "detection.py"))
    example["main"](rows=60, steps=5, seeds=1)
    heads = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert heads == ["SingleTask", "HardSharing"]
