"""Processes as learners: saved, loaded without trust and without GPyTorch."""

import subprocess
import sys

import numpy as np
import pytest

from polytask.bookkeeping import Budget
from polytask.learners import resolve_learner
from polytask.predictor import load
from polytask.testing import tiny_dataset


def test_a_process_with_inducing_rows_answers_the_same_after_loading(tmp_path):
    data = tiny_dataset(["regression"] * 3, own_rows=True, n_rows=45)
    learner = resolve_learner("icm(inducing=6, rank=1)", tasks=data.tasks)
    predictor = learner.fit(data, data, 0, Budget())
    predictor.save(tmp_path / "model")
    found, again = predictor.predict(data), load(tmp_path / "model").predict(data)
    for task in data.tasks.names:
        assert np.isfinite(found[task].raw).all()
        assert (found[task].raw == again[task].raw).all()


@pytest.mark.slow
def test_the_room_is_imported_without_torch_and_saved_processes_predict_without_gpytorch(tmp_path):
    data = tiny_dataset(["regression"] * 3, n_rows=30, missing=0.3)
    predictor = resolve_learner("lmc(max_iter=5, draws=0)").fit(data, data, 0, Budget())
    predictor.save(tmp_path / "model")
    code = (
        "import sys, polytask.gaussian_processes; assert not {'torch', 'gpytorch'} & {*sys.modules}; "
        "sys.modules['gpytorch'] = None; import polytask; from polytask.testing import tiny_dataset; "
        f"model = polytask.load({str(tmp_path / 'model')!r}); "
        "data = tiny_dataset(['regression'] * 3, n_rows=30, missing=0.3); "
        "print(model.predict(data)['task0'].raw.sum())"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    wanted = predictor.predict(data)["task0"].raw.sum()
    assert float(ran.stdout) == pytest.approx(wanted)
