"""Training of networks, in small named steps over Lightning Fabric.

Begin with `Trainer` in ``_trainer.py``, the recipe, whose arguments ``_trainer_settings.py`` checks;
its `fit` creates a ``TrainingRun`` (``_training_run.py``), which reads as the loop does. A run has

- batches: ``_joint_batches.py``, in which all tasks see the same rows;
- losses: ``_forward.py`` computes them, ``_balancing.py`` serves the weighting and the aggregator;
- evaluations: ``_run_means.py`` and ``_validation_losses.py`` measure, ``_selection.py`` decides which
  state is kept and when to stop, ``_frozen.py`` keeps stopped tasks as they are, ``_observing.py``
  serves observers;
- a state: ``_run_state.py`` saves and restores it exactly, ``_saver.py`` decides when;
- members of a population (`Member`): ``_population.py`` trains them, ``_stack_run.py`` those of one
  structure side by side;
- networks of single tasks: ``_task_runs.py`` trains them as such members, and makes one of them;
- other processes, if any: ``_several_processes.py``.

`score`, `route` and `to_tensors` serve networks outside of training, too.
"""

from polytask.training._checkpoint import check_checkpoint
from polytask.training._cosine_with_warmup import CosineWithWarmup
from polytask.training._device import check_device, full_precision
from polytask.training._member import Member
from polytask.training._progress import silently
from polytask.training._route import route
from polytask.training._score import score
from polytask.training._tensors import to_tensors
from polytask.training._trained import Trained
from polytask.training._trainer import Trainer
from polytask.training._weight_members import weight_members

__all__ = [
    "CosineWithWarmup",
    "Member",
    "Trained",
    "Trainer",
    "check_checkpoint",
    "check_device",
    "full_precision",
    "route",
    "score",
    "silently",
    "to_tensors",
    "weight_members",
]
