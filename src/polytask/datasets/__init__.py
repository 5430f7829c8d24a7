"""Public data sets, downloaded and checked, and generators of tasks with known relations.

Begin with ``_school.py``, a public data set in one file, or ``_related_regression.py``, a
generator. ``_catalogue.py`` lists the public data sets; ``_obtain.py`` finds or downloads files.
"""

from polytask.datasets._atis import fetch_atis
from polytask.datasets._blitzer import fetch_blitzer
from polytask.datasets._branched_tasks import BranchTruth, make_branched_tasks
from polytask.datasets._catalogue import as_table, catalogue
from polytask.datasets._census_income import fetch_census_income
from polytask.datasets._clustered_tasks import make_clustered_tasks
from polytask.datasets._conflicting_tasks import make_conflicting_tasks
from polytask.datasets._counts import CountTruth, make_counts
from polytask.datasets._digits import load_digits_tasks
from polytask.datasets._ett import fetch_ett
from polytask.datasets._hillstrom import fetch_hillstrom
from polytask.datasets._image_pairs import fetch_image_pairs
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._linear_truth import LinearTruth
from polytask.datasets._morgan_fingerprints import morgan_fingerprints
from polytask.datasets._mulan import fetch_mulan
from polytask.datasets._multi_fashion import fetch_multi_fashion
from polytask.datasets._multi_mnist import fetch_multi_mnist
from polytask.datasets._office_caltech import fetch_office_caltech
from polytask.datasets._public_file import PublicFile
from polytask.datasets._recommendations import PreferenceTruth, make_recommendations
from polytask.datasets._related_regression import make_related_regression
from polytask.datasets._sarcos import fetch_sarcos
from polytask.datasets._scenes import SceneTruth, make_scenes
from polytask.datasets._school import fetch_school
from polytask.datasets._sider import fetch_sider
from polytask.datasets._smiles_ngrams import smiles_ngrams
from polytask.datasets._survival import SurvivalTruth, make_survival
from polytask.datasets._tox21 import fetch_tox21
from polytask.datasets._traffic import TrafficTruth, make_traffic

__all__ = [
    "BranchTruth",
    "CountTruth",
    "DatasetInfo",
    "FetchedDataset",
    "LinearTruth",
    "PreferenceTruth",
    "PublicFile",
    "SceneTruth",
    "SurvivalTruth",
    "TrafficTruth",
    "as_table",
    "catalogue",
    "fetch_atis",
    "fetch_blitzer",
    "fetch_census_income",
    "fetch_ett",
    "fetch_hillstrom",
    "fetch_image_pairs",
    "fetch_mulan",
    "fetch_multi_fashion",
    "fetch_multi_mnist",
    "fetch_office_caltech",
    "fetch_sarcos",
    "fetch_school",
    "fetch_sider",
    "fetch_tox21",
    "load_digits_tasks",
    "make_branched_tasks",
    "make_clustered_tasks",
    "make_conflicting_tasks",
    "make_counts",
    "make_recommendations",
    "make_related_regression",
    "make_scenes",
    "make_survival",
    "make_traffic",
    "morgan_fingerprints",
    "smiles_ngrams",
]
