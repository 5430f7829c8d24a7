"""What half precision's loss scale asks of balancing and of checkpoints."""

import gc
import weakref

import pytest
import torch
from lightning_fabric.plugins import MixedPrecision
from training_tables import mixed_table

from polytask.architectures import HardSharing
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import NonFiniteLossError
from polytask.training import Trainer, to_tensors
from polytask.training._device import make_fabric
from polytask.training._run_state import resume_run, save_run
from polytask.training._training_run import TrainingRun
from polytask.training._weighting_needs import compute_weights
from polytask.weighting import FAMO, AutoLambda, AutoScale

SMALL = HardSharing(MLP((8,)))


def run_of(trainer):
    """A run that has not begun."""
    data = mixed_table(60)
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return TrainingRun(
        trainer,
        make_fabric(trainer.accelerator, trainer.precision),
        network,
        data.tasks,
        rows,
        None,
        0,
    )


def served(weighting, scale):
    """What a weighting has learned from one batch of losses that were scaled."""
    run = run_of(Trainer(weighting=weighting, batch_size=16))
    found = run._losses(run.batches.batch(0))
    balancing = run.balancing
    compute_weights(
        balancing.weighting,
        found.losses,
        found.present,
        balancing.shared,
        balancing.trial,
        learning_rate=0.1,
        step=0,
        scale=scale,
    )
    return balancing.weighting.state_dict()


ASKING = [AutoScale(window=5), AutoLambda(), FAMO(exact=True)]


@pytest.mark.parametrize("weighting", ASKING, ids=lambda weighting: type(weighting).__name__)
def test_weightings_do_not_see_the_scale(weighting):
    plain, scaled = served(weighting, 1.0), served(weighting, 1024.0)
    torch.testing.assert_close(scaled, plain, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("weighting", ASKING, ids=lambda weighting: type(weighting).__name__)
def test_weightings_learn_nothing_from_what_overflows(weighting):
    fresh = run_of(Trainer(weighting=weighting)).balancing.weighting.state_dict()
    torch.testing.assert_close(served(weighting, float("inf")), fresh)


def test_the_scale_is_resumed(tmp_path):
    path, trainer = tmp_path / "state", Trainer(batch_size=16)
    first, second = run_of(trainer), run_of(trainer)
    first._started = 0.0
    for run, scale in ((first, 8.0), (second, 32.0)):
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        half = MixedPrecision("16-mixed", device="cpu", scaler=scaler)
        run.fabric.strategy.precision = half  # a CPU is not given one
    save_run(first, path, "same")
    resume_run(second, path, "same")
    assert second.fabric.strategy.precision.scaler.get_scale() == 8.0


@pytest.mark.parametrize("aggregation", ["mgda", "graddrop", "stch"])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("half", [False, True])
def test_gradients_that_are_not_finite_end_training_unless_a_scaler_skips_them(
    aggregation, accumulate, half
):
    run = run_of(Trainer(aggregation=aggregation, accumulate=accumulate, batch_size=16))
    if half:
        scaler = torch.amp.GradScaler("cpu", init_scale=1.0)
        precision = MixedPrecision("16-mixed", device="cpu", scaler=scaler)
        run.fabric.strategy.precision = precision
    shared = [parameter.detach().clone() for parameter in run.balancing.shared]
    losses = run._losses
    losses.forward, forward = (lambda batch: infinite(forward(batch))), losses.forward
    if half:
        run._take_step()
        assert scaler.get_scale() < 1.0
        assert all(map(torch.equal, run.balancing.shared, shared))
    else:
        with pytest.raises(NonFiniteLossError, match="gradients of the `losses`"):
            run._take_step()


def infinite(found):
    for features in found.features:
        features.register_hook(lambda signal: signal * torch.inf)
    return found


@pytest.mark.parametrize("aggregation", ["mgda", "graddrop"])
def test_no_graph_outlives_its_step(aggregation):
    """Else two steps' activations are held at a time."""
    run = run_of(Trainer(aggregation=aggregation, batch_size=16))
    kept = []
    losses = run._losses
    losses.forward, forward = (lambda batch: kept_of(forward(batch), kept)), losses.forward
    gc.disable()
    try:
        run._take_step()
        assert kept
        assert all(feature() is None for feature in kept)
    finally:
        gc.enable()


def kept_of(found, kept):
    kept.extend(weakref.ref(feature) for feature in found.features)
    return found
