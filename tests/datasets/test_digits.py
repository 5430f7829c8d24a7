import numpy as np
import pytest

from polytask.datasets import load_digits_tasks
from polytask.exceptions import UnknownNameError

DEFAULT = ("digit", "odd", "closed_loops", "at_least_five", "prime")


def labels(dataset, task):
    (values,) = dataset.sources[0].labelled().columns(task).values()
    return values.astype(int)


def test_the_five_questions_are_functions_of_the_digit():
    dataset = load_digits_tasks()
    assert dataset.tasks.names == DEFAULT
    assert [task.known_kind.name for task in dataset.tasks] == [
        "multiclass",
        "binary",
        "multiclass",
        "binary",
        "binary",
    ]
    digit = labels(dataset, "digit")
    assert np.bincount(digit).min() > 170
    np.testing.assert_array_equal(labels(dataset, "odd"), digit % 2)
    np.testing.assert_array_equal(labels(dataset, "at_least_five"), digit >= 5)
    np.testing.assert_array_equal(labels(dataset, "prime"), np.isin(digit, [2, 3, 5, 7]))
    loops = np.where(digit == 8, 2, np.isin(digit, [0, 6, 9]))
    np.testing.assert_array_equal(labels(dataset, "closed_loops"), loops)


def test_inputs_are_the_64_pixels_only():
    (source,) = load_digits_tasks(["odd"]).sources
    assert source.inputs.shape == (1797, 64)
    assert source.inputs.columns[9] == "pixel_1_1"
    assert source.inputs.to_numpy().min() == 0
    assert source.inputs.to_numpy().max() == 16


def test_noise_is_a_fair_coin_by_seed():
    dataset = load_digits_tasks(("digit", "noise"), seed=1)
    assert dataset.tasks.names == ("digit", "noise")
    noise = labels(dataset, "noise")
    assert abs(noise.mean() - 0.5) < 0.05
    assert abs(np.corrcoef(noise, labels(dataset, "digit"))[0, 1]) < 0.1
    again = load_digits_tasks(("digit", "noise"), seed=1)
    other = load_digits_tasks(("digit", "noise"), seed=2)
    assert dataset.digest() == again.digest() != other.digest()


def test_an_unknown_task_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"named 'primes'\. Did you mean 'prime'\?"):
        load_digits_tasks(["primes"])
