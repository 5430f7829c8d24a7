import json

import numpy as np
import pytest

from polytask.datasets import as_table, catalogue
from polytask.exceptions import DatasetUnavailableError, UnknownNameError

BY_NAME = {info.name: info for info in catalogue()}


def test_names_are_sorted_and_every_file_can_be_checked():
    assert list(BY_NAME) == sorted(BY_NAME)
    for info in catalogue():
        assert len(set(info.tasks)) == len(info.tasks)
        for file in info.files:
            assert all(url.startswith("https://") for url in file.urls)
            assert len(bytes.fromhex(file.sha256)) == 32


def test_place_is_told_without_reading(monkeypatch, tmp_path):
    monkeypatch.setenv("POLYTASK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("POLYTASK_CACHE", str(tmp_path / "cache"))
    assert BY_NAME["digits"].availability == "built-in"
    assert BY_NAME["census-income"].availability == "not at hand"
    for folder, file in zip(("data", "cache"), BY_NAME["census-income"].files, strict=True):
        place = tmp_path / folder / file.path
        place.parent.mkdir(parents=True)
        place.touch()
    assert BY_NAME["census-income"].availability == "at hand"


@pytest.mark.parametrize("spelling", ["digits", "Digits", "DIGITS "])
def test_names_are_known_in_any_spelling(spelling):
    table = as_table(spelling)
    assert table.shape == (1797, 69)
    assert table.columns[-5:] == list(BY_NAME["digits"].tasks)


def test_the_generated_table_has_a_row_per_task_and_label():
    table, info = as_table("clustered tasks"), BY_NAME["clustered-tasks"]
    assert table.shape == (info.rows, 22)
    assert table["task"].unique(maintain_order=True).to_list() == list(info.tasks)
    inputs = [f"x{position}" for position in range(20)]
    slopes = [
        np.linalg.lstsq(own.select(inputs).to_numpy(), own["y"].to_numpy(), rcond=None)[0]
        for own in table.partition_by("task", maintain_order=True)
    ]
    cosines = np.corrcoef(slopes)
    assert cosines[0, 1:3].min() > 0.5
    assert np.abs(cosines[0, 3:]).max() < 0.5


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"named 'censuses'\. Did you mean 'census-income'"):
        as_table("censuses")


def test_a_set_that_is_nowhere_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("POLYTASK_DATA", str(tmp_path))
    monkeypatch.setenv("POLYTASK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens: no network
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(DatasetUnavailableError) as caught:
        as_table("census-income")
    assert str(tmp_path / "census_income" / "census-income.test.gz") in str(caught.value)
    assert BY_NAME["census-income"].files[1].sha256 in str(caught.value)


def test_files_are_those_of_the_manifest(polytask_data):
    """Lengths and digests, for every file that the folder's own list knows."""
    manifest = polytask_data / "manifest.json"
    if not manifest.exists():
        pytest.skip("this folder of data sets has no list of digests")
    known = {
        file["path"]: (file["bytes"], file["sha256"])
        for entry in json.loads(manifest.read_text())
        for file in entry["files"]
    }
    for info in catalogue():
        for file in info.files:
            assert known[file.path] == (file.size, file.sha256)
