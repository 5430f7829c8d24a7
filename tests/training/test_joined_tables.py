"""Members with other weights of rows than others, some without any, in one stack."""

import numpy as np
import pytest
from populations import assert_equal_runs, trained_apart
from training_tables import mixed_table, own_rows_table

from polytask.architectures import HardSharing
from polytask.encoders import MLP
from polytask.training import Member, Trainer

TRAINER = Trainer(steps=6, batch_size=32, patience=None)


@pytest.mark.parametrize(
    "data", [mixed_table(n_rows=80), own_rows_table(3, 80)], ids=["table", "own rows"]
)
def test_weights_of_some_members_leave_those_of_others_at_1(data):
    (source,) = data.sources
    weights = np.random.default_rng(0).random(80) + 0.5
    members = [Member(), Member(row_weight={source.name: weights})]
    recipe = (HardSharing(MLP((8,))), members, data)
    together = TRAINER.fit_many(*recipe)
    for one, two in zip(together, trained_apart(TRAINER, *recipe), strict=True):
        assert_equal_runs(one, two)
