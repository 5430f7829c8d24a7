"""Comparisons that resume in the middle of a fit."""

import pytest
from training_tables import mixed_table

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.evaluation import compare
from polytask.exceptions import StudyError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer
from polytask.training._saver import Saver
from polytask.training._training_run import TrainingRun

BUDGET = Budget(steps=100)


def run(out):
    trainer = Trainer(batch_size=64, evaluate_every=10, patience=None)
    learners = [MultiTaskNetwork(kind(MLP((8,))), trainer) for kind in (SingleTask, HardSharing)]
    return compare(mixed_table(), learners, seeds=1, budget=BUDGET, out=out, quiet=True)


def values(comparison):
    return {
        (learner.name, task, metric): estimate.value
        for learner in comparison.learners
        for task, metrics in learner.tasks.items()
        for metric, estimate in metrics.items()
    }


def test_a_fit_resumes_from_its_checkpoint(tmp_path, monkeypatch):
    looks, steps = [], []
    look, take_step, resume = TrainingRun._evaluate, TrainingRun._take_step, Saver.resume

    def counting_look(self):
        looks.append(self.step)
        if len(looks) == 6:
            raise KeyboardInterrupt
        return look(self)

    def counting_step(self):
        steps.append(self.step)
        take_step(self)

    def eager(self, training):
        self.seconds = 0.0
        resume(self, training)

    monkeypatch.setattr(Saver, "resume", eager)
    monkeypatch.setattr(TrainingRun, "_evaluate", counting_look)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out")
    monkeypatch.setattr(TrainingRun, "_evaluate", look)
    assert list((tmp_path / "out").rglob("*.checkpoint.safetensors"))
    monkeypatch.setattr(TrainingRun, "_take_step", counting_step)
    resumed = run(tmp_path / "out")
    assert steps[0] == 50
    assert len(steps) == 50  # networks of single tasks are whole
    assert not list((tmp_path / "out").rglob("*.checkpoint.safetensors"))
    assert values(resumed) == values(run(tmp_path / "whole"))


@pytest.mark.slow
def test_the_checkpoint_of_another_run_is_no_result_of_this_one(tmp_path):
    """It is not recorded as a failure, which every later command would repeat."""
    out, other = tmp_path / "out", tmp_path / "other.safetensors"
    Trainer(steps=10, evaluate_every=5).fit(
        HardSharing(MLP((4,))), mixed_table(), checkpoint=other, checkpoint_seconds=0.0
    )
    comparison = run(out)
    record = next(p for p in (out / "runs").glob("*.json") if "HardSharing" in p.read_text())
    record.unlink()
    checkpoint = record.with_suffix(".checkpoint.safetensors")
    checkpoint.write_bytes(other.read_bytes())
    with pytest.raises(StudyError, match="belongs to another recipe, data set or seed"):
        run(out)
    checkpoint.unlink()
    assert values(run(out)) == values(comparison)
