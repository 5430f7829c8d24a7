"""Garbage collection is paused in a block, and left as it was."""

import gc

import pytest

from polytask._workers import collection_paused


def test_collection_goes_on_after_the_block_also_after_an_error():
    with pytest.raises(ZeroDivisionError), collection_paused():
        _ = 1 / gc.isenabled()
    assert gc.isenabled()


def test_collection_that_was_off_stays_off():
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
