"""Architectures: recipes that build networks from inputs to raw scores.

An `Architecture` is a recipe, the network that it builds a `MultiTaskModule`. Both are written
from public pieces: `Inputs`, `Stages`, `Towers`, `Copies`, `Mixture`, `Heads`. Most recipes extend
`EncoderArchitecture`; new ways of fusing towers (`FusionUnit`) or of conditioning a trunk on the
task (`Condition`) need little more. Begin with `HardSharing`.
"""

from polytask.architectures._adapters import Adapters
from polytask.architectures._adatt import AdaTT
from polytask.architectures._aitm import AITM
from polytask.architectures._architecture import Architecture
from polytask.architectures._branching import Branching
from polytask.architectures._cgc import CGC
from polytask.architectures._condition import Condition
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._copies import Copies
from polytask.architectures._cosmos import COSMOS
from polytask.architectures._cross_stitch import CrossStitch
from polytask.architectures._d_select_k import DSelectK
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._esm2 import ESM2
from polytask.architectures._esmm import ESMM
from polytask.architectures._film import FiLM
from polytask.architectures._fused_towers import FusedTowersNetwork
from polytask.architectures._fusion_unit import FusionUnit
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._heads import Heads
from polytask.architectures._hierarchical import Hierarchical
from polytask.architectures._hyper_network_heads import HyperNetworkHeads
from polytask.architectures._inputs import Inputs
from polytask.architectures._lora import LoRA
from polytask.architectures._mixture import Mixture
from polytask.architectures._mmoe import MMoE
from polytask.architectures._mtan import MTAN
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._nddr import NDDR
from polytask.architectures._omoe import OMoE
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._pareto_hyper_network import ParetoHyperNetwork
from polytask.architectures._ple import PLE
from polytask.architectures._pooled import Pooled
from polytask.architectures._routed import Routed
from polytask.architectures._seeded import seeded
from polytask.architectures._separate import Separate
from polytask.architectures._shared_private import SharedPrivate
from polytask.architectures._single_task import SingleTask
from polytask.architectures._sluice import Sluice
from polytask.architectures._soft_sharing import SoftSharing
from polytask.architectures._stages import Stages, advance_all
from polytask.architectures._stem import STEM
from polytask.architectures._task_embedding import TaskEmbedding
from polytask.architectures._towers import Towers

__all__ = [
    "AITM",
    "CGC",
    "COSMOS",
    "ESM2",
    "ESMM",
    "MTAN",
    "NDDR",
    "PLE",
    "STEM",
    "AdaTT",
    "Adapters",
    "Architecture",
    "Branching",
    "Condition",
    "ConditionedNetwork",
    "Copies",
    "CrossStitch",
    "DSelectK",
    "EncoderArchitecture",
    "FiLM",
    "FusedTowersNetwork",
    "FusionUnit",
    "HardSharing",
    "Heads",
    "Hierarchical",
    "HyperNetworkHeads",
    "Inputs",
    "LoRA",
    "MMoE",
    "Mixture",
    "MultiTaskModule",
    "OMoE",
    "Owned",
    "Owner",
    "ParetoHyperNetwork",
    "Pooled",
    "Raw",
    "Routed",
    "Separate",
    "SharedPrivate",
    "SingleTask",
    "Sluice",
    "SoftSharing",
    "Stages",
    "TaskEmbedding",
    "Towers",
    "advance_all",
    "owned_by",
    "seeded",
]
