"""Value of a metric, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MetricValue"]


@dataclass(frozen=True)
class MetricValue:
    """A metric's value, or the reason why there is none; never NaN.

    Attributes
    ----------
    value : float or None
    undefined : str or None
        Why there is no value, such as "only one class among the 12 labelled rows".
    left_out : tuple of str
        Where the value is a mean over columns (or classes): those that it leaves out because
        the metric is undefined there, each with its reason.
    """

    value: float | None
    undefined: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return self.value is not None
