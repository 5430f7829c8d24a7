"""Sources: rows with one input schema and their labels, with the checks and notes on both.

Begin with ``_source.py``; the `Labels` of a `Source` are dense (one column per target) or of one
task per row. ``_settle.py`` checks targets and infers kinds, ``_fit_targets.py`` fits them, and
``_source_notes.py`` notes oddities of inputs and targets.
"""

from polytask.data.sources._check_cells import check_cells
from polytask.data.sources._digest import data_digest
from polytask.data.sources._fit_targets import fit_targets
from polytask.data.sources._for_each_source import for_each_source
from polytask.data.sources._label_images import label_images
from polytask.data.sources._labels import Labels, OwnRowLabels, TableLabels, column_values
from polytask.data.sources._metric_notes import metric_notes
from polytask.data.sources._named_by_source import named_by_source
from polytask.data.sources._one_class import left_out_notes
from polytask.data.sources._row_values import common_group_codes, row_groups
from polytask.data.sources._row_weights import (
    Weights,
    check_weighed,
    own_weights,
    row_weights,
    weighing,
    weight_columns,
)
from polytask.data.sources._same_inputs import joined_inputs, with_same_inputs
from polytask.data.sources._settle import (
    check_observed,
    check_target,
    not_dropped,
    settled_kind,
    unlabelled,
)
from polytask.data.sources._source import Source
from polytask.data.sources._summary import source_summary, task_summaries
from polytask.data.sources._target_column import target_column
from polytask.data.sources._unit_weights import unit_mean, unit_weights
from polytask.data.sources._without_one_class import check_remaining, finished, one_class_tasks
from polytask.data.sources._zero_weights import hide_unweighted, weighing_rows

__all__ = [
    "Labels",
    "OwnRowLabels",
    "Source",
    "TableLabels",
    "Weights",
    "check_cells",
    "check_observed",
    "check_remaining",
    "check_target",
    "check_weighed",
    "column_values",
    "common_group_codes",
    "data_digest",
    "finished",
    "fit_targets",
    "for_each_source",
    "hide_unweighted",
    "joined_inputs",
    "label_images",
    "left_out_notes",
    "metric_notes",
    "named_by_source",
    "not_dropped",
    "one_class_tasks",
    "own_weights",
    "row_groups",
    "row_weights",
    "settled_kind",
    "source_summary",
    "target_column",
    "task_summaries",
    "unit_mean",
    "unit_weights",
    "unlabelled",
    "weighing",
    "weighing_rows",
    "weight_columns",
    "with_same_inputs",
]
