from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_info

from polytask.predictor._suitable_threads import suitable_threads


def threads() -> list[int]:
    assert HistGradientBoostingRegressor  # loads OpenMP
    return [pool["num_threads"] for pool in threadpool_info()]


def test_few_rows_get_one_thread():
    before = threads()
    with suitable_threads(100):
        assert set(threads()) == {1}
    assert threads() == before


def test_many_rows_get_what_the_process_has():
    before = threads()
    with suitable_threads(10**6):
        assert threads() == before
