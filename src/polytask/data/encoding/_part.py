"""Named parts of a source's encoded inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from polytask.data.cells import STEP_ROLES, WORD_ROLES

__all__ = ["PART_ROLES", "Part", "part_has_steps"]

PART_ROLES = (
    "numeric",
    "categorical",
    "date",
    "text",
    "characters",
    "smiles",
    "tokens",
    "sequence",
    "image",
    "tensor",
)
"""Roles of parts, as encoders declare them in `takes`."""


@dataclass(frozen=True)
class Part:
    """One array of a source's encoded inputs: its name, role and shape.

    Parameters
    ----------
    name : str
        Its key among the inputs of a `SourceBatch`.
    role : str
        One of `PART_ROLES`. All numeric columns are one part, and so are all categorical ones.
    shape : tuple of int
        Shape of one row: ``(d,)`` for numbers, ``(c,)`` for codes, (channels, height, width) for
        images, ``(l,)`` for the codes of steps of text, characters and tokens, and (l, channels) for sequences.
    cardinalities : tuple of int
        Codes per column of a categorical part, including unknown; of a step of text and tokens,
        including none and unknown; empty for other parts.
    edges : tuple of tuple of float
        Edges of the bins of every numeric column, ascending; none for a column of one value. Empty
        if the schema learned no bins.
    most_edges : tuple of int
        Most edges of every numeric column in networks of other tasks of the source, whose tensors
        are to have equal shapes.
    hashed : tuple of bool
        Which columns of a categorical part hold hashes, of whose codes training rows may lack
        many; empty if none does.
    source : str
        Name of the source whose rows it is a part of; "" if it is not known.
    means : tuple of tuple of float
        Means of the training rows' coordinates in the bins of every numeric column; none for a
        column whose bins depend on labels.
    constant : tuple of (int, int, float)
        Runs of the flattened cells of a tensor that had one value in training: start, end, value.
    missing : bool
        Whether cells of a tensor were missing in training, which are 0.
    longest : int
        Of texts and tokens as the pieces of words that a pretrained model reads, pieces of the
        longest training row; 0 for other parts.

    Examples
    --------
    >>> from polytask.data import Part
    >>> Part("categorical", "categorical", (2,), cardinalities=(4, 3)).shape
    (2,)
    """

    name: str
    role: str
    shape: tuple[int, ...]
    cardinalities: tuple[int, ...] = ()
    edges: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    most_edges: tuple[int, ...] = field(default=(), repr=False)
    hashed: tuple[bool, ...] = field(default=(), repr=False)
    source: str = field(default="", repr=False)
    means: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    constant: tuple[tuple[int, int, float], ...] = field(default=(), repr=False)
    missing: bool = field(default=False, repr=False)
    longest: int = field(default=0, repr=False)

    @property
    def has_steps(self) -> bool:
        """Whether the second axis of its array is that of steps."""
        return self.role in STEP_ROLES

    @property
    def has_words(self) -> bool:
        """Whether its steps are codes of words, characters or tokens."""
        return self.role in WORD_ROLES

    @property
    def has_pieces(self) -> bool:
        """Whether its codes are those of pieces, from 1 on, of a tokenizer that was given."""
        return self.longest > 0

    @property
    def has_pixels(self) -> bool:
        """Whether it is a column of images, of which a table's encoders read a coarse grid."""
        return self.role == "image" and self.name.startswith("image:")


def part_has_steps(name: str) -> bool:
    """Whether the second axis of the array of that part is that of steps.

    Examples
    --------
    >>> from polytask.data import part_has_steps
    >>> part_has_steps("tokens:words"), part_has_steps("numeric")
    (True, False)
    """
    return name.partition(":")[0] in STEP_ROLES
