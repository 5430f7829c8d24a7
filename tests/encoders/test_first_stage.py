"""An entry and the stage after it in one go."""

import pytest
from torch import nn

from polytask.encoders._first_stage import _has_hooks


@pytest.mark.parametrize(
    "register",
    [
        nn.Module.register_forward_hook,
        nn.Module.register_forward_pre_hook,
        nn.Module.register_full_backward_hook,
        nn.Module.register_full_backward_pre_hook,
    ],
)
def test_hooks_of_every_kind_are_seen(register):
    layer = nn.Linear(2, 2)
    assert not _has_hooks(layer)
    register(layer, print)
    assert _has_hooks(layer)
