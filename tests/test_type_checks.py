"""The tests' own checks of types and shapes notice mistakes."""

import pytest
import torch
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError

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
    with pytest.raises(TypeCheckError):
        solve_bargain(gramian, 1.0, None, shares)


def test_types_of_fields():
    with pytest.raises(TypeCheckError):
        Range("low", 1.0)


@pytest.mark.usefixtures("unchecked_types")
def test_none_where_they_are_switched_off():
    with pytest.raises(TypeError):
        snake_case(3)
