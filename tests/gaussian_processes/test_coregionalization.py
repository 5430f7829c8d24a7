"""Processes of several tasks against dense matrices, GPyTorch's own models, and what was planted."""

import sys
import warnings
from dataclasses import replace

import gpytorch
import numpy as np
import pytest
import torch
from gpytorch.kernels import MultitaskKernel, RBFKernel
from gpytorch.likelihoods import MultitaskGaussianLikelihood
from gpytorch.means import ConstantMean, MultitaskMean
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal
from scipy.stats import t as student

from polytask._gaussian import STATIONARY_KERNELS, Layout, Likelihood, kernel_of_scales
from polytask.exceptions import DataError, MissingDependencyError, ParameterError
from polytask.gaussian_processes import (
    ICMRegressor,
    LMCRegressor,
    _coregionalized_regressor,
    _posterior,
)
from polytask.gaussian_processes._inducing_bound import InducingBound
from polytask.gaussian_processes._joint_likelihood import JointLikelihood
from polytask.gaussian_processes._labelled_rows import LabelledRows
from polytask.gaussian_processes._parameters import Parameters, Shape
from polytask.gaussian_processes._posterior import JointPosterior

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(10, 2))
FULL = GENERATOR.normal(size=(10, 3))
Y = np.where(GENERATOR.random(FULL.shape) < 0.3, np.nan, FULL)
NEW = GENERATOR.normal(size=(4, 2))


def labelled(Y, weight=None):
    """Rows of a table as they come, not standardised."""
    row, task = np.nonzero(~np.isnan(Y))
    weight = np.ones(len(row)) if weight is None else weight
    complete = len(row) == Y.size
    return LabelledRows(X, row, task, Y[row, task], weight, Y.shape[1], complete, units=None)


def dense(rows, parameters, kernel):
    """The covariance of labels, written out."""
    joint = np.zeros((len(rows.label),) * 2)
    for scales, covariance in zip(parameters.log_scales, parameters.covariances(), strict=True):
        matrix = kernel_of_scales(rows.X, rows.X, scales, kernel)
        joint += matrix[np.ix_(rows.row, rows.row)] * covariance[np.ix_(rows.task, rows.task)]
    return joint + np.diag(np.exp(parameters.log_noise)[rows.task] / rows.weight)


@pytest.mark.parametrize("kernel", STATIONARY_KERNELS)
@pytest.mark.parametrize(("n_kernels", "n_scales"), [(1, 2), (2, 1)])
def test_the_likelihood_of_labels_with_gaps_is_the_dense_one_and_has_its_slope(
    kernel, n_kernels, n_scales
):
    rows, shape = labelled(Y), Shape(n_kernels, n_scales, 3, 2)
    vector = 0.5 * GENERATOR.normal(size=shape.size)
    likelihood = JointLikelihood(rows, kernel, shape)
    value, slope = likelihood(vector)
    joint = dense(rows, Parameters.of_vector(vector, shape), kernel)
    means = Parameters.of_vector(vector, shape).means[rows.task]
    normal = multivariate_normal(means, joint)
    assert value == pytest.approx(normal.logpdf(rows.label), rel=1e-9)
    numeric = approx_fprime(vector, lambda at: likelihood(at)[0], 1e-6)
    np.testing.assert_allclose(slope, numeric, atol=5e-4)


@pytest.mark.parametrize("kernel", STATIONARY_KERNELS)
def test_on_complete_rows_the_joint_and_the_kronecker_likelihood_agree(kernel):
    shape = Shape(1, 2, 3, 2)
    vector = 0.5 * GENERATOR.normal(size=shape.size)
    value, slope = JointLikelihood(labelled(FULL), kernel, shape)(vector)
    other, wanted = Likelihood(X, FULL, kernel).with_means(vector, Layout(2, 3, 2))
    assert value == pytest.approx(other, rel=1e-9)
    np.testing.assert_allclose(slope, wanted, rtol=1e-6, atol=1e-8)


def test_a_weighted_label_has_the_likelihood_of_repeated_rows():
    shape = Shape(1, 1, 3, 1)
    vector = 0.5 * GENERATOR.normal(size=shape.size)
    once = labelled(Y)
    count = 1 + np.arange(len(once.label)) % 3
    again = np.repeat(np.arange(len(count)), count)
    repeated = LabelledRows(
        X, once.row[again], once.task[again], once.label[again], np.ones(len(again)), 3, False, None
    )
    weighted = JointLikelihood(labelled(Y, count.astype(float)), "rbf", shape)(vector)
    wanted = JointLikelihood(repeated, "rbf", shape)(vector)
    assert weighted[0] == pytest.approx(wanted[0], rel=1e-9)
    np.testing.assert_allclose(weighted[1], wanted[1], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n_kernels", [1, 2])
def test_with_all_rows_inducing_the_bound_is_the_likelihood_and_with_fewer_below(n_kernels):
    shape = Shape(n_kernels, 2, 3, 2)
    vector = 0.5 * GENERATOR.normal(size=shape.size)
    without = Parameters.of_vector(vector, shape)
    without = replace(without, log_own=np.full_like(without.log_own, -np.inf))
    rows = labelled(Y, 1.0 + np.arange((~np.isnan(Y)).sum()) % 2)
    wanted, slope = JointLikelihood(rows, "matern52", shape)(without.vector())
    bound, own_slope = InducingBound(rows, np.arange(10), "matern52", shape)(vector)
    assert bound == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(own_slope, slope, rtol=0.01, atol=0.01)
    few = InducingBound(rows, np.arange(4), "matern52", shape)
    value, own_slope = few(vector)
    assert value < wanted
    numeric = approx_fprime(vector, lambda at: few(at)[0], 1e-6)
    np.testing.assert_allclose(own_slope, numeric, atol=5e-3)


@pytest.mark.parametrize("cls", [ICMRegressor, LMCRegressor])
@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_with_all_rows_inducing_predictions_are_exact(cls):
    model = cls(inducing=10, max_iter=8).fit(X, 3 * Y + 1)
    assert len(model.support_vectors_) == 10
    exact = JointPosterior(
        X,
        "rbf",
        np.log(model.length_scales_),
        model.task_covariances_,
        *np.nonzero(~np.isnan(Y)),
        model.noise_[np.nonzero(~np.isnan(Y))[1]] ** 2,
    )
    labels = (3 * Y + 1 - model.intercept_)[~np.isnan(Y)]
    mean, std = model.predict(NEW, return_std=True)
    wanted = exact.mean(NEW, None, exact.dual_coef(labels)) + model.intercept_
    np.testing.assert_allclose(mean, wanted, rtol=1e-3)
    deviation = np.sqrt(exact.variance(NEW, None) + model.noise_**2)
    np.testing.assert_allclose(std, deviation, rtol=1e-3)
    by_row = model.predict(NEW, tasks=[2, 0, 1, 0], return_std=True)
    np.testing.assert_allclose(by_row[0], mean[np.arange(4), [2, 0, 1, 0]])
    np.testing.assert_allclose(by_row[1], std[np.arange(4), [2, 0, 1, 0]])


class MultitaskModel(gpytorch.models.ExactGP):
    """GPyTorch's model of complete rows."""

    def __init__(self, X, Y, likelihood):
        super().__init__(X, Y, likelihood)
        self.mean_module = MultitaskMean(ConstantMean(), num_tasks=3)
        self.covar_module = MultitaskKernel(RBFKernel(ard_num_dims=2), num_tasks=3, rank=2)

    def forward(self, X):
        return gpytorch.distributions.MultitaskMultivariateNormal(
            self.mean_module(X), self.covar_module(X)
        )


def test_likelihood_means_and_deviations_are_those_of_the_multitask_model_of_gpytorch():
    ours = ICMRegressor(max_iter=5, draws=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours.fit(X, FULL)
    spread = FULL.std(axis=0)
    unit = torch.tensor((FULL - ours.intercept_) / spread)
    likelihood = MultitaskGaussianLikelihood(num_tasks=3, has_global_noise=False).double()
    model = MultitaskModel(torch.tensor(X), unit, likelihood).double()
    covariance = ours.task_covariance_ / np.outer(spread, spread)
    own = 0.5 * np.linalg.eigvalsh(covariance)[0]
    sizes, axes = np.linalg.eigh(covariance - own * np.eye(3))
    tasks = model.covar_module.task_covar_module
    tasks.covar_factor = torch.nn.Parameter(torch.tensor(axes * np.sqrt(sizes)))
    tasks.var = torch.full((3,), own, dtype=torch.float64)
    model.covar_module.data_covar_module.lengthscale = torch.tensor(ours.length_scales_)
    likelihood.task_noises = torch.tensor((ours.noise_ / spread) ** 2)
    marginal = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        value = marginal(model(torch.tensor(X)), unit).item() * FULL.size
        model.eval()
        likelihood.eval()
        answer = likelihood(model(torch.tensor(NEW)))
    assert ours.log_likelihood_ == pytest.approx(value, rel=1e-5)
    mean, std = ours.predict(NEW, return_std=True)
    np.testing.assert_allclose(mean, answer.mean.numpy() * spread + ours.intercept_, rtol=1e-5)
    np.testing.assert_allclose(std, answer.variance.sqrt().numpy() * spread, rtol=1e-5)


@pytest.mark.parametrize(
    "model", [ICMRegressor(max_iter=8, draws=0), LMCRegressor(max_iter=8, draws=0)]
)
@pytest.mark.parametrize("labels", [FULL, Y])
@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_predictions_are_those_of_the_dense_matrix(model, labels):
    model.fit(X, 3 * labels + 1)
    row, task = np.nonzero(~np.isnan(labels))
    joint, cross = np.diag(model.noise_[task] ** 2), 0.0
    everything = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    for scales, covariance in zip(
        np.log(model.length_scales_), model.task_covariances_, strict=True
    ):
        matrix = kernel_of_scales(X, X, scales)
        joint = joint + matrix[np.ix_(row, row)] * covariance[np.ix_(task, task)]
        between = kernel_of_scales(NEW, X, scales)[np.ix_(everything[0], row)]
        cross = cross + between * covariance[np.ix_(everything[1], task)]
    centred = (3 * labels + 1 - model.intercept_)[row, task]
    wanted = (cross @ np.linalg.solve(joint, centred)).reshape(4, 3) + model.intercept_
    mean, std = model.predict(NEW, return_std=True)
    np.testing.assert_allclose(mean, wanted, rtol=1e-6)
    known = np.diag(cross @ np.linalg.solve(joint, cross.T)).reshape(4, 3)
    variance = np.diag(model.task_covariance_) - known + model.noise_**2
    np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-5)
    names = [2, 0, 1, 0]
    by_row = model.predict(NEW, tasks=names, return_std=True)
    np.testing.assert_allclose(by_row[0], mean[np.arange(4), names])
    np.testing.assert_allclose(by_row[1], std[np.arange(4), names])


@pytest.mark.parametrize(
    "model", [ICMRegressor(max_iter=2, draws=0), ICMRegressor(max_iter=2, inducing=5)]
)
@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_deviations_of_all_tasks_need_the_kernel_of_new_rows_once(monkeypatch, model):
    model.fit(X, FULL)
    evaluated = []

    def counted(rows, *others):
        evaluated.append(len(rows))
        return kernel_of_scales(rows, *others)

    monkeypatch.setattr(_posterior, "kernel_of_scales", counted)
    model.predict(NEW, return_std=True)
    assert evaluated.count(len(NEW)) == 2  # means, and deviations


@pytest.mark.parametrize("labels", [FULL, Y])
@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_far_from_all_rows_the_prior_answers(labels):
    model = ICMRegressor(max_iter=8, draws=0).fit(X, labels)
    mean, std = model.predict(NEW + 1e6, return_std=True)
    np.testing.assert_allclose(mean, np.tile(model.intercept_, (4, 1)))
    wanted = np.sqrt(np.diag(model.task_covariance_) + model.noise_**2)
    np.testing.assert_allclose(std, np.tile(wanted, (4, 1)))


def planted(n, generator):
    """Functions of three tasks, two alike and one opposite, with noise of 0.1."""
    inputs = generator.uniform(-3, 3, size=(n, 1))
    kernel = kernel_of_scales(inputs, inputs, np.zeros(1)) + 1e-9 * np.eye(n)
    covariance = np.array([[1.0, 0.9, -0.6], [0.9, 1.0, -0.5], [-0.6, -0.5, 1.0]])
    root = np.linalg.cholesky(covariance)
    function = np.linalg.cholesky(kernel) @ generator.normal(size=(n, 3)) @ root.T
    return inputs, function + 0.1 * generator.normal(size=(n, 3))


def test_a_planted_covariance_is_found_from_rows_of_one_task_each():
    inputs, labels = planted(90, np.random.default_rng(3))
    task = np.arange(90) % 3
    names = np.array(["one", "two", "three"])[task]
    model = ICMRegressor().fit(inputs, labels[np.arange(90), task], tasks=names)
    order = [list(model.tasks_).index(name) for name in ("one", "two", "three")]
    covariance = model.task_covariance_[np.ix_(order, order)]
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    assert correlation[0, 1] > 0.6
    assert correlation[0, 2] < -0.2
    assert np.abs(model.noise_ - 0.1).max() < 0.06
    assert 0.6 < model.length_scales_[0, 0] < 1.6
    error = model.predict(inputs)[:, order] - labels
    alone = labels - labels.mean(axis=0)
    assert np.square(error).mean() < 0.2 * np.square(alone).mean()


@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_two_kernels_tell_slow_from_fast():
    x = np.linspace(0, 6, 40)[:, None]
    labels = np.hstack([np.sin(x), np.sin(x) + 0.4 * np.sin(5 * x)])
    model = LMCRegressor(max_iter=90).fit(x, labels + 0.03 * GENERATOR.normal(size=(40, 2)))
    slow, fast = np.argsort(-model.length_scales_[:, 0])
    assert model.length_scales_[slow, 0] > 3 * model.length_scales_[fast, 0]
    share = np.diag(model.task_covariances_[fast]) / np.diag(model.task_covariance_)
    assert share[1] > 4 * share[0]


@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_intervals_are_wider_where_hyperparameters_are_estimated_and_of_few_labels():
    known, drawn = (ICMRegressor(max_iter=40, draws=n).fit(X, Y) for n in (0, 16))
    assert (drawn.predict(NEW) == known.predict(NEW)).all()
    std, wider = (model.predict(NEW, return_std=True)[1] for model in (known, drawn))
    assert (wider > std).mean() > 0.7
    assert wider.mean() > 1.05 * std.mean()
    low, high = known.predict_interval(NEW, 0.9, tasks=[0, 1, 2, 0])
    count = (~np.isnan(Y)).sum(axis=0)[[0, 1, 2, 0]]
    reach = student.ppf(0.95, count - 1) * std[np.arange(4), [0, 1, 2, 0]]
    np.testing.assert_allclose(high - low, 2 * reach)


@pytest.mark.slow
def test_intervals_hold_new_labels_of_draws_from_the_model():
    generator = np.random.default_rng(5)
    held = []
    for _ in range(25):
        inputs, labels = planted(54, generator)
        seen = np.where(generator.random((14, 3)) < 0.2, np.nan, labels[:14])
        seen[:2] = labels[:2]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            low, high = ICMRegressor().fit(inputs[:14], seen).predict_interval(inputs[14:], 0.9)
        held.append(((labels[14:] > low) & (labels[14:] < high)).mean())
    error = np.std(held) / np.sqrt(len(held))
    assert 0.9 - 0.03 - 2 * error < np.mean(held) < 0.9 + 0.04 + 2 * error


def test_a_strong_prior_holds_hyperparameters_and_the_likelihood_alone_is_higher():
    free, weak, strong = (ICMRegressor(1, prior=w, draws=0).fit(X, Y) for w in (0.0, 1.0, 1e6))
    assert free.log_likelihood_ > weak.log_likelihood_ > strong.log_likelihood_
    unit = strong.noise_ / np.nanstd(Y, axis=0)
    np.testing.assert_allclose(unit, np.sqrt(0.2), rtol=0.01)


@pytest.mark.filterwarnings("ignore:.*stopped after")
def test_a_restart_never_lowers_the_likelihood_and_units_do_not_matter():
    one, two = (ICMRegressor(restarts=n, max_iter=12).fit(X, Y) for n in (1, 3))
    assert two.log_likelihood_ >= one.log_likelihood_ - 1
    scaled = ICMRegressor(max_iter=12).fit(X * [1e3, 1e-3], Y * 1e4)
    np.testing.assert_allclose(scaled.predict(NEW * [1e3, 1e-3]), one.predict(NEW) * 1e4, rtol=1e-4)


def test_what_is_wrong_is_named(monkeypatch):
    with pytest.warns(match="ICMRegressor stopped after 1 steps.*Raise `max_iter`"):
        model = ICMRegressor(max_iter=1).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`coverage`"):
        model.predict_interval(X, 0.0)
    with pytest.raises(ParameterError, match=r"`kernel` parameter of LMCRegressor"):
        LMCRegressor(kernel="periodic").fit(X, Y)
    monkeypatch.setattr(_coregionalized_regressor, "_MOST", 11)
    with pytest.raises(DataError, match=r"would have \d+ rows.*at most 11"):
        ICMRegressor().fit(X, Y)


def test_without_gpytorch_gaps_are_refused_and_models_still_predict(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ICMRegressor(max_iter=2).fit(X, Y)
        wanted = fitted.predict(NEW)
        monkeypatch.setitem(sys.modules, "gpytorch", None)
        for each in (JointLikelihood, InducingBound):
            monkeypatch.delitem(sys.modules, each.__module__)
        assert (fitted.predict(NEW) == wanted).all()
        ICMRegressor(max_iter=2).fit(X, FULL)
        with pytest.raises(MissingDependencyError, match=r"pip install 'polytask\[gp\]'"):
            ICMRegressor().fit(X, Y)
