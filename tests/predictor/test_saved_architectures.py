"""Every architecture predicts the same after it was saved and loaded."""

import numpy as np
import pytest
from small_architectures import cascade_for, small_architectures, small_variants

import polytask
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

ENCODER = MLP((6, 6))
ARCHITECTURES = {**small_architectures(ENCODER), **small_variants(ENCODER)}
TRAINER = Trainer(steps=2, batch_size=16, learning_rate=0.05)


@pytest.mark.filterwarnings("ignore:.*( to happen only where| is ESMM here)")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_predictions_are_those_of_the_saved_model(name, tmp_path):
    learner = MultiTaskNetwork(ARCHITECTURES[name], TRAINER)
    data = cascade_for(ARCHITECTURES[name])
    predictor = polytask.fit(data, learner)
    predictor.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model")
    before, after = predictor.predict(data), loaded.predict(data)
    for task in data.tasks.names:
        assert np.ptp(before[task].raw) > 0
        np.testing.assert_array_equal(before[task].raw, after[task].raw)
        np.testing.assert_array_equal(before[task].response, after[task].response)
