"""Forms of dates that are known, the likelier first."""

from __future__ import annotations

__all__ = ["DECLARED", "DOUBTED", "DOUBTFUL", "EPOCHS", "FORMS", "KNOWN", "ZONED"]

ZONED = " %#z"
"""Ends the forms of columns whose every cell names its distance from UTC."""

_ORDERED = tuple(
    f"{first}{mark}{second}{mark}{year}"
    for mark in "/.-"
    for year in ("%Y", "%y")
    for first, second in (("%m", "%d"), ("%d", "%m"))
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y")
_NAMED_MONTHS = (
    *("%B %Y", "%B-%Y", "%B/%Y", "%B, %Y", "%Y-%B", "%Y/%B", "%Y %B"),
    *("%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y"),
    *("%G-W%V", "%GW%V", "%G-W%V-%u"),
)
"""Months, quarters and weeks that a name, Q or W makes known."""
_COMPACT = ("%Y%m%d", "%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y", "%Y%m")
EPOCHS = {"%s": 1_000_000, "%s%3f": 1_000}
"""Seconds and milliseconds since 1970, and how many microseconds each is."""
_DASHED = tuple(form for form in _ORDERED if "-" in form and "%y" in form)
DOUBTFUL = (
    *("%m-%Y", "%m.%Y", "%m/%y", "%m-%y", "%B-%y", "%B %y", "%B/%y", "%y-%B", "%d %B %y"),
    *_DASHED,
)
"""Scores, part numbers and days of a month look like these too."""
DECLARED = (*_COMPACT, *EPOCHS, *DOUBTFUL)
"""Forms that are read only where dates are declared."""

FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    *(form for form in _ORDERED if form not in _DASHED),
    "%d %B %Y",
    "%d %B, %Y",
    "%d-%B-%Y",
    "%d-%B-%y",
    "%d/%B/%Y",
    "%d. %B %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%Y-%B-%d",
    "%Y %B %d",
    *_MONTHS,
    *_NAMED_MONTHS,
    "%B %d %H:%M:%S %Y",  # C's ctime
    "%d/%B/%Y:%H:%M:%S",  # web servers
    "%d%B%Y:%H:%M:%S",  # SAS
)
KNOWN = frozenset((*FORMS, *DECLARED))
DOUBTED = frozenset((*_MONTHS, *_COMPACT, *DOUBTFUL))
"""Forms in which nothing but numbers names a month, so that years are those of four centuries."""
