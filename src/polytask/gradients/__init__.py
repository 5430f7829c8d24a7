"""Per-task gradients and the updates made from them.

The only room that sees both a network's autograd graph and a balancing method. Begin with
`backward` in ``_backward.py``: it checks its arguments, packs them into a ``Step`` and hands it to
``_aggregate.py``, which branches on what the aggregator needs. From there,

- ``_engines.py`` chooses how gradients are computed and ``_task_gradients.py`` runs the passes,
  from the roots in ``_roots.py``;
- ``_layer_search.py`` finds layers in the autograd graph, and one file per form stores their
  gradients: ``_linear_gradients.py``, ``_embedding_gradients.py``, ``_convolution_gradients.py``,
  and ``_dense_gradients.py`` for everything else;
- ``_process_group.py`` does the same for a batch whose parts lie in several processes.

`Need` and `Served` are the vocabulary that balancing methods share with this room;
``_foreign.py`` adapts methods of TorchJD.
"""

from polytask.gradients._backward import backward
from polytask.gradients._engines import ENGINES
from polytask.gradients._foreign import ForeignAggregator, as_aggregator, is_foreign
from polytask.gradients._gramian import gramian
from polytask.gradients._needs import Need, takes_served
from polytask.gradients._per_task_jacobian import per_task_jacobian
from polytask.gradients._projected_gradients import projected_gradients
from polytask.gradients._same_tasks import require_same_tasks
from polytask.gradients._served import Served
from polytask.gradients._slopes import slopes

__all__ = [
    "ENGINES",
    "ForeignAggregator",
    "Need",
    "Served",
    "as_aggregator",
    "backward",
    "gramian",
    "is_foreign",
    "per_task_jacobian",
    "projected_gradients",
    "require_same_tasks",
    "slopes",
    "takes_served",
]
