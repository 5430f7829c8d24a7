"""Notes and timbre of generated tones: log-mel spectra of waveforms, a label per frame and one per clip.

python examples/waveforms.py
"""

import numpy as np
import torch

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import GRU
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

RATE, FRAME, BANDS = 4000, 256, 20
NOTES = {"A": 220.0, "C": 261.6, "E": 329.6, "G": 392.0}


def log_mel(waves: np.ndarray) -> np.ndarray:
    """Log-energies of bands that are spaced as hearing is: (clips, frames, bands)."""
    window = torch.hann_window(FRAME)
    spectra = torch.stft(torch.tensor(waves).float(), FRAME, window=window, return_complex=True)
    hertz = np.linspace(0, RATE / 2, FRAME // 2 + 1)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 1400), BANDS + 2) / 2595) - 1)
    up = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    bands = np.minimum(up, down).clip(min=0)
    return np.log(bands @ spectra.abs().square().numpy() + 1e-3).transpose(0, 2, 1)


def clips(rows: int, seed: int = 0) -> polytask.MultiTaskDataset:
    """Clips of half a second to a second: three notes each, of a flute or a reed, under noise."""
    generator = np.random.default_rng(seed)
    table: dict[str, list[object]] = {"frames": [], "notes": [], "reed": []}
    for _ in range(rows):
        length, reed = int(generator.integers(RATE // 2, RATE)), bool(generator.random() < 0.5)
        played = generator.choice(list(NOTES), 3)
        of_sample = played[np.arange(length) * 3 // length]
        phase = 2 * np.pi * np.cumsum([NOTES[note] for note in of_sample]) / RATE
        wave = np.sin(phase) + (0.6 * np.sin(3 * phase) if reed else 0)
        spectrum = log_mel((wave + 2.5 * generator.normal(size=length))[None])[0]
        at = np.linspace(0, length - 1, len(spectrum)).astype(int)
        row = (spectrum.tolist(), of_sample[at].tolist(), int(reed))
        for column, value in zip(table.values(), row, strict=True):
            column.append(value)
    return polytask.read(
        table, [Task("notes", "tokens", metrics=("token_accuracy",)), Task("reed", "binary")]
    )


def main(rows: int = 400, steps: int = 250, seeds: int = 3) -> None:
    """Compare a recurrent network of both labels with one for each."""
    encoder = GRU(width=32, bidirectional=True)
    network = MultiTaskNetwork(HardSharing(encoder), Trainer(batch_size=32, learning_rate=3e-3))
    print(polytask.compare(clips(rows), [network], seeds=seeds, budget=Budget(steps=steps)))


if __name__ == "__main__":
    main()
