import pytest

from polytask.analysis import GroupRuns
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP


def clustered(**options):
    data, _ = make_clustered_tasks(
        2, 2, 80, 8, spread=0.2, noise=0.5, own_rows=True, seed=0, **options
    )
    return data


@pytest.fixture(scope="session")
def runs():
    """Two clusters of two tasks, of which networks are trained as tests ask for them."""
    return GroupRuns.of(
        clustered(), HardSharing(MLP((16,))), folds=2, seeds=2, budget=Budget(steps=60)
    )
