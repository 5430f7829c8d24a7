"""The tests' own checks of types and shapes notice mistakes."""

import pytest
import torch
import type_checks
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float
from torch import Tensor

from polytask._naming import snake_case
from polytask.aggregation._bargain import solve_bargain
from polytask.ranges import Range
from polytask.statistics import holm


def test_types_of_arguments():
    with pytest.raises(BeartypeCallHintViolation):
        snake_case(3)
    with pytest.raises(BeartypeCallHintViolation):
        holm([0.1])


def test_shapes():
    gramian, shares = torch.eye(3), torch.ones(2)
    with pytest.raises(BeartypeCallHintViolation):
        solve_bargain(gramian, 1.0, None, shares)


def twice(vector: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    return torch.cat([vector, vector])


def test_shapes_of_results():
    with pytest.raises(BeartypeCallHintViolation):
        type_checks._checked(typechecker=None)(twice)(torch.ones(2))


def test_first_calls_of_a_test_are_checked_and_then_every_sixteenth():
    """The first, since earlier ones of this test were none; a wrong one is found within sixteen."""
    checked = type_checks._checked(typechecker=None)(twice)
    for _ in range(31):
        with pytest.raises(BeartypeCallHintViolation):
            checked(torch.ones(2))
    found = 0
    for _ in range(33):
        try:
            checked(torch.ones(2))
        except BeartypeCallHintViolation:
            found += 1
    assert found == 3
    type_checks.start_test()
    with pytest.raises(BeartypeCallHintViolation):
        checked(torch.ones(2))


def test_types_of_fields():
    with pytest.raises(BeartypeCallHintViolation):
        Range("low", 1.0)


@pytest.mark.usefixtures("unchecked_types")
def test_none_where_they_are_switched_off():
    with pytest.raises(TypeError):
        snake_case(3)
