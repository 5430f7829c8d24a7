"""What each kind does of its own."""

import numpy as np
import pytest

from polytask.exceptions import DataError
from polytask.metrics import ROCAUC
from polytask.tasks import Binary, FittedTarget, Multiclass, Multilabel, Regression
from polytask.testing import check_parameters_reject_bad_values


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


class TestBinary:
    @pytest.mark.parametrize(
        ("values", "positive"),
        [
            ((0, 1), 1),
            ((-1, 1), 1),
            ((1, 2), 2),
            ((False, True), True),
            (("no", "yes"), "yes"),
            (("No", "yes"), "yes"),
            (("no", "Yes"), "Yes"),
            (("n", "y"), "y"),
            (("+", "-"), "+"),
            (("neg", "pos"), "pos"),
            (("absent", "present"), "present"),
            (("<=50K", ">50K"), ">50K"),
            (("ham", "spam"), "spam"),
            (("0", "1"), "1"),
        ],
    )
    def test_which_class_is_positive(self, values, positive):
        for order in (values, values[::-1]):
            fitted = Binary().fit("task", {"y": objects(*order)})
            assert fitted.classes[1] == positive
            assert Binary().score_shape(fitted) == (1,)

    @pytest.mark.parametrize("given", [0, "0", 0.0, False])
    def test_the_positive_class_as_given(self, given):
        fitted = Binary(positive=given).fit("task", {"y": np.array([0.0, 1.0, 1.0])})
        assert fitted.classes == (1, 0)
        assert fitted.learned["class_counts"] == (2.0, 1.0)
        np.testing.assert_array_equal(Binary().truth([np.array([0.0, 1.0])], fitted), [1, 0])

    def test_a_positive_class_that_is_none(self):
        said = (
            r"The `positive` parameter of task 'mail' must be 'ham' or 'spam', the classes of its "
            r"column\. Got 'egg' instead\."
        )
        with pytest.raises(DataError, match=said):
            Binary(positive="egg").fit("mail", {"y": objects("ham", "spam")})

    def test_parameters(self, unchecked_types):
        check_parameters_reject_bad_values(Binary)

    @pytest.mark.parametrize(("n", "shown"), [(3, r"\(0, 1, 2\)"), (9, r"\(0, 1, 2, 3, …\)")])
    def test_too_many_classes(self, n, shown):
        said = f"Task 'a' is binary, but column 'y' holds {n} distinct values {shown}. Choose the"
        with pytest.raises(DataError, match=said):
            Binary().fit("a", {"y": np.arange(float(n))})

    def test_decisions_are_the_users_labels(self):
        fitted = Binary().fit("task", {"y": objects("no", "yes")})
        decided = Binary().decide(np.array([0.2, 0.5, 0.51]), fitted)
        assert decided.tolist() == ["no", "no", "yes"]


class TestMulticlass:
    def test_decisions_are_the_users_labels(self):
        fitted = Multiclass().fit("task", {"y": np.array([10.0, 30.0, 20.0])})
        response = np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])
        assert Multiclass().decide(response, fitted).tolist() == [20, 10]

    def test_responses_are_probabilities(self):
        fitted = FittedTarget(("y",), ("a", "b", "c"))
        response = Multiclass().response(np.zeros((2, 3), dtype=np.float32), fitted)
        np.testing.assert_allclose(response, np.full((2, 3), 1 / 3))

    def test_a_class_unseen_in_training_is_true_but_not_learned(self):
        fitted = FittedTarget(("y",), ("a", "b"))
        column = np.array(["b", "never", None, "a"], dtype=object)
        np.testing.assert_array_equal(Multiclass().truth([column], fitted), [1, 2, np.nan, 0])
        encoded = Multiclass().encode([column], fitted)[:, 0]
        np.testing.assert_array_equal(encoded, [1, np.nan, np.nan, 0])
        numbers = np.array([5.0, np.nan, 1.0])
        fitted = FittedTarget(("y",), (1, 2))
        np.testing.assert_array_equal(Multiclass().truth([numbers], fitted), [2, np.nan, 0])

    def test_fractions(self):
        said = r"column 'y' holds fractions such as 1\.5\. Choose the kind regression"
        with pytest.raises(DataError, match=said):
            Multiclass().fit("a", {"y": np.array([1.0, 1.5, 2.0])})

    def test_too_many_classes(self):
        said = "column 'y' holds 1001 distinct values; at most 1000 classes can be learned"
        with pytest.raises(DataError, match=said):
            Multiclass().fit("a", {"y": np.arange(1001.0)})


class TestMultilabel:
    def test_one_column_is_laid_out_as_several_are(self):
        column = np.array([0.0, 1.0, np.nan])
        fitted = Multilabel().fit("tags", {"cat": column})
        truth = Multilabel().truth([column], fitted)
        response = Multilabel().response(np.zeros((3, 1), dtype=np.float32), fitted)
        assert truth.shape == response.shape == (3, 1)
        assert ROCAUC().score(truth, response, fitted).value == 0.5

    def test_counts_and_codes(self):
        columns = {"cat": np.array([1.0, 0.0, np.nan]), "dog": objects(True, None, True)}
        fitted = Multilabel().fit("animals", columns)
        assert fitted == FittedTarget(("cat", "dog"), (0, 1), learned={"positives": (1.0, 2.0)})
        encoded = Multilabel().encode(list(columns.values()), fitted)
        np.testing.assert_array_equal(encoded, [[1, 1], [0, np.nan], [np.nan, 1]])
        assert Multilabel.counts_cells

    def test_one_column(self):
        fitted = Multilabel().fit("animals", {"cat": np.array([1.0, 0.0])})
        assert Multilabel().truth([np.array([1.0, 0.0])], fitted).shape == (2, 1)
        assert Multilabel().response(np.zeros((2, 1), dtype=np.float32), fitted).shape == (2, 1)

    def test_a_column_of_one_class_is_fine(self):
        fitted = Multilabel().fit("a", {"cat": np.array([1.0, 0.0]), "yeti": np.zeros(2)})
        assert fitted.learned["positives"] == (1.0, 0.0)

    @pytest.mark.parametrize(("value", "shown"), [(2.0, "2"), (0.5, r"0\.5"), (-1.0, "-1")])
    def test_other_labels(self, value, shown):
        said = f"Task 'a' is multilabel, but column 'cat' holds {shown}. Give columns of 0 and 1"
        with pytest.raises(DataError, match=said):
            Multilabel().fit("a", {"cat": np.array([0.0, 1.0, value])})
        with pytest.raises(DataError, match="column 'cat' holds 'no'"):
            Multilabel().fit("a", {"cat": objects("no", "yes")})

    def test_decisions(self):
        response = np.array([[0.2, 0.7], [0.5, 0.9]])
        decided = Multilabel().decide(response, FittedTarget(("a", "b"), (0, 1)))
        np.testing.assert_array_equal(decided, [[0, 1], [0, 1]])


class TestRegression:
    @pytest.mark.parametrize(("center", "scale"), [(1e76, 1.0), (0.0, 1e76), (0.0, 0.0)])
    def test_numbers_of_files_are_in_the_range_of_fit(self, center, scale):
        learned = {"center": (center, 0.0), "scale": (1.0, scale)}
        assert not Regression().accepts(FittedTarget(("y", "z"), learned=learned))
        within = {"center": (1e75, 0.0), "scale": (1.0, 1e75)}
        assert Regression().accepts(FittedTarget(("y", "z"), learned=within))

    def test_standardised_and_back(self):
        rng = np.random.default_rng(0)
        columns = {"y": rng.normal(1e6, 3.0, 50), "z": rng.normal(0.0, 1e-8, 50)}
        columns["y"][3] = np.nan
        kind = Regression()
        fitted = kind.fit("task", columns)
        encoded = kind.encode(list(columns.values()), fitted)
        np.testing.assert_allclose(np.nanmean(encoded, axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(encoded, axis=0), 1, rtol=1e-6)
        truth = kind.truth(list(columns.values()), fitted)
        np.testing.assert_array_equal(truth[:, 0], columns["y"])
        np.testing.assert_allclose(kind.response(encoded, fitted), truth, rtol=1e-6, atol=1e-14)
        np.testing.assert_array_equal(kind.decide(truth, fitted), truth)

    def test_one_column_is_a_vector(self):
        fitted = Regression().fit("task", {"y": np.array([1.0, 3.0])})
        assert Regression().truth([np.array([1.0, 3.0])], fitted).shape == (2,)
        response = Regression().response(np.array([[0.0], [1.0]], dtype=np.float32), fitted)
        np.testing.assert_array_equal(response, [2.0, 3.0])

    @pytest.mark.parametrize("value", [0.1, 0.0, 1e30, -1 / 3])
    def test_a_constant_column(self, value):
        fitted = Regression().fit("task", {"y": np.full(7, value)})
        assert fitted.learned["center"] == (value,)
        assert fitted.learned["scale"] == (1.0,)

    def test_whole_numbers_and_truth_values(self):
        for column, center in ((np.array([1, 3]), 2.0), (objects(True, None, False), 0.5)):
            assert Regression().fit("a", {"y": column}).learned["center"] == (center,)

    @pytest.mark.parametrize("column", [objects("1.5", "2"), np.array(["1.5", "x"]), objects("a")])
    def test_text(self, column):
        said = "The target column 'y' of a regression holds text. Give numbers, or choose the kind"
        with pytest.raises(DataError, match=said):
            Regression().fit("a", {"y": column})

    def test_infinite_values_later(self):
        fitted = Regression().fit("a", {"y": np.array([1.0, 3.0])})
        with pytest.raises(DataError, match="'y' of a regression holds an infinite value"):
            Regression().truth([np.array([-np.inf])], fitted)


def test_kinds_compare_by_value():
    assert Binary(positive="yes") == Binary(positive="yes") != Binary()
    assert len({Regression(), Regression(), Multiclass()}) == 2


# ── units of numbers ──────────────────────────────────────────────────────────
@pytest.mark.parametrize("power", [-200, -40, 40, 200])
def test_units_that_differ_by_a_power_of_two_are_standardised_alike(power):
    values = np.random.default_rng(0).normal(3.0, 2.0, 50)
    one, other = (
        Regression().fit("y", {"y": v}).learned for v in (values, np.ldexp(values, power))
    )
    assert other["center"] == (np.ldexp(one["center"][0], power),)
    assert other["scale"] == (np.ldexp(one["scale"][0], power),)
    assert one["scale"] == pytest.approx((values.std(),))
