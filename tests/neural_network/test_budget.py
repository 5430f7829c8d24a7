"""The default budget of a network."""

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

TABLE = {"size": range(40), "price": [2.0 * size for size in range(40)]}


def steps_of(trainer, **options):
    data = polytask.read(TABLE, [Task("price", "regression")])
    network = MultiTaskNetwork(HardSharing(MLP((4,))), trainer)
    return polytask.fit(data, network, **options).history.n_steps


def test_a_network_takes_the_steps_of_its_trainer():
    assert steps_of(Trainer(steps=7)) == 7
    assert steps_of(Trainer(epochs=3, batch_size=16)) == 6
    assert steps_of(Trainer(steps=7), budget=Budget(steps=9)) == 9
    assert steps_of(Trainer(epochs=3, batch_size=16), budget=Budget(steps=9)) == 6
    assert steps_of(Trainer(epochs=3, batch_size=16), budget=Budget(steps=4)) == 4
