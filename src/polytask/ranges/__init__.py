"""Search ranges of settings, declared where the setting lives; read by `compare` and by tuners.

Begin with `SearchRange`, the contract; `Range` holds numbers and `Choices` any values.
"""

from polytask.ranges._choices import Choices
from polytask.ranges._range import Range
from polytask.ranges._search_range import SearchRange

__all__ = ["Choices", "Range", "SearchRange"]
