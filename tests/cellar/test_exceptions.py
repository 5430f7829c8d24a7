import pytest

from polytask import exceptions
from polytask.exceptions import PolytaskError


@pytest.mark.parametrize("name", exceptions.__all__)
def test_each_is_also_what_people_already_catch(name):
    error = getattr(exceptions, name)
    assert issubclass(error, PolytaskError)
    assert str(error("what happened")) == "what happened"
    if error is not PolytaskError:
        standard = {base for base in error.__mro__ if base.__module__ == "builtins"}
        assert standard - {object, BaseException, Exception}
