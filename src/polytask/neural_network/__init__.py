"""Networks as learners: `MultiTaskNetwork` joins an architecture and a trainer.

`MergedNetwork` trains one jointly, fine-tunes a copy per task and merges them: ``_merged_training.py``
holds its stages, ``_merged_states.py`` says what is merged, ``_stages.py`` keeps what is done.
"""

from polytask.neural_network._merged_network import MergedNetwork
from polytask.neural_network._multi_task_network import MultiTaskNetwork

__all__ = ["MergedNetwork", "MultiTaskNetwork"]
