"""Two tables with columns of their own, whose sharing ratio is chosen on validation rows.

python examples/two_tables.py
"""

import numpy as np

import polytask
from polytask.architectures import SoftSharing
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import MeanDeviation
from polytask.training import Trainer


def main(steps: int = 400, ratios: tuple[float, ...] = (0.0, 0.1, 1.0)) -> None:
    """Choose the sharing ratio for a related and an unrelated pair of tasks."""
    for related in (True, False):
        train, validation = tables(related=related)
        losses = {}
        for ratio in ratios:
            # A network per task. Columns enter by layers of their own table; all further layers
            # are drawn to their mean, as strongly as the ratio says, and 0 leaves them apart.
            architecture = SoftSharing(MLP((32,)), penalty=MeanDeviation(alpha=ratio))
            trainer = Trainer(steps=steps, batch_size=64, learning_rate=0.01)
            network = MultiTaskNetwork(architecture, trainer)
            history = polytask.fit(train, network, validation=validation).history
            best = history.epochs[history.best_epoch - 1]
            losses[ratio] = best.validation_losses["flat_price"]
        shown = ", ".join(f"{loss:.3f} with ratio {ratio}" for ratio, loss in losses.items())
        chosen = min(losses, key=lambda ratio: losses[ratio])
        print(f"{'related' if related else 'unrelated'}: loss {shown}; chosen {chosen}")


def tables(*, related: bool) -> tuple[polytask.MultiTaskDataset, polytask.MultiTaskDataset]:
    """Many houses and few flats, for training and validation."""
    generator = np.random.default_rng(0)
    frames = {}
    for name, columns, n_rows in (
        ("houses", ("plot", "distance", "house_price"), 600),
        ("flats", ("floor", "noise", "flat_price"), 320),
    ):
        size, place = latent = generator.normal(size=(2, n_rows))
        mixed = generator.normal(size=(2, 2)).T @ latent
        price = np.tanh(3 * size) + np.abs(place)
        if name == "flats" and not related:
            price = -np.cos(3 * size + 3 * place)
        price = price + 0.3 * generator.normal(size=n_rows)
        frames[name] = dict(zip(columns, [*mixed, price], strict=True))
    data = polytask.MultiTaskDataset.from_sources(frames, ["house_price", "flat_price"])
    train = {"houses": np.arange(400), "flats": np.arange(20)}
    return data.take(train), data.take({"houses": np.arange(400, 600), "flats": np.arange(20, 320)})


if __name__ == "__main__":
    main()
