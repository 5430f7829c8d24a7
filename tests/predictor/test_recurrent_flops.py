"""Floating-point operations of networks with recurrent layers, against counts by hand."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.flop_counter import FlopCounterMode

from polytask.predictor._recurrent_flops import RecurrentFlops


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
@pytest.mark.parametrize("packed", [False, True])
def test_recurrent_layers_have_the_products_of_their_gates_at_the_steps_that_rows_have(kind, gates, packed):  # fmt: skip
    layer = kind(5, 7, num_layers=2, bidirectional=True, batch_first=True)
    rows = torch.zeros(2, 4, 5)
    given = pack_padded_sequence(rows, [4, 3], batch_first=True) if packed else rows
    counter = FlopCounterMode(display=False)
    recurrent = RecurrentFlops(counter.get_total_flops)
    with torch.no_grad(), counter, recurrent.counting():
        layer(given)
        nn.Linear(5, 1)(rows)
    per_step = 2 * 2 * gates * 7 * ((5 + 7) + (14 + 7))
    total = counter.get_total_flops() + recurrent.total
    assert total == per_step * (7 if packed else 8) + 2 * 8 * 5


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # of PyTorch, on CPUs
def test_a_projection_shortens_what_the_next_layer_takes():
    layer = nn.LSTM(5, 7, num_layers=2, proj_size=3)
    recurrent = RecurrentFlops(lambda: 0)
    with recurrent.counting():
        layer(torch.zeros(1, 1, 5))
    assert recurrent.total == 2 * (4 * 7 * (5 + 3) + 3 * 7 + 4 * 7 * (3 + 3) + 3 * 7)
