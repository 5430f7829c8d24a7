"""A funnel on generated data: visit, then purchase, then the sum spent, over all rows.

python examples/funnel_esmm.py
"""

import numpy as np

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import ESMM
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def funnel(rows: int, seed: int = 0) -> MultiTaskDataset:
    """Customers of whom some visit, some of those buy, and spend; the others spend 0."""
    generator = np.random.default_rng(seed)
    interest, budget, age = generator.normal(size=(3, rows))
    visit = generator.random(rows) < 1 / (1 + np.exp(-interest))
    buy = visit & (generator.random(rows) < 1 / (1 + np.exp(1 - budget + interest)))
    spend = np.where(buy, np.exp(3 + 0.5 * budget), 0.0)
    table = {"interest": interest, "budget": budget, "age": age}
    table |= {"visit": visit.astype(int), "buy": buy.astype(int), "spend": spend}
    tasks = [
        Task("visit", "binary"),
        Task("buy", "binary", after="visit"),
        Task("spend", "regression", after="buy"),
    ]
    return MultiTaskDataset.from_table(table, tasks)


def main(rows: int = 4000, steps: int = 300) -> None:
    """Train the cascade, and read off probabilities over all rows and given the step before."""
    data = funnel(rows)
    trainer = Trainer(steps=steps, batch_size=256, learning_rate=1e-2)
    model = polytask.fit(data, MultiTaskNetwork(ESMM(MLP((16,))), trainer))
    customers = {"interest": [-1.0, 0.0, 1.0], "budget": [1.0, 0.0, 1.0], "age": [0.0, 0.0, 0.0]}
    answers = model.predict(customers)
    visit, buy, spend = (answers[task].response for task in ("visit", "buy", "spend"))
    for row in range(3):
        print(
            f"customer {row}: visits {visit[row]:.2f}, buys {buy[row]:.2f} "
            f"({buy[row] / visit[row]:.2f} of visits), spends {spend[row]:.2f}"
        )


if __name__ == "__main__":
    main()
