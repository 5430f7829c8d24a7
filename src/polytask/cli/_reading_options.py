"""Options for the format of a table and the roles of its columns."""

from __future__ import annotations

from typing import Annotated

import typer

from polytask.cli._option_words import Means

__all__ = ["Column", "Decimal", "Missing", "Names", "NoHeader", "Separator"]

_PANEL = "Reading"

Column = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME:ROLE",
        help="What a column is: numeric, categorical, identifier (of very many values, hashed), date "
        "(or date=%d/%m/%Y, as it is written), text (of words), characters (of text), tokens (lists of text, or text split at blanks), "
        "sequence (lists of numbers), tensor (arrays of one shape), smiles (molecules), image (paths beside the table, or bytes; or image=32x48, with gray, color "
        "or missing, if images that cannot be read count so) or drop. NAME may be a pattern such as 'x*', or several with commas. Repeat for more.",
        rich_help_panel=_PANEL,
    ),
    Means("columns"),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        "--missing",
        metavar="[COLUMN=]CELL",
        help="A cell that means missing, such as '?' or -200, beside empty ones and words such as "
        "NA; numbers compare by value. Repeat for more.",
        rich_help_panel=_PANEL,
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--names",
        metavar="[SOURCE=]NAMES",
        help="Names of the columns of a file without a header, with commas.",
        rich_help_panel=_PANEL,
    ),
]
NoHeader = Annotated[
    bool | None,
    typer.Option(
        "--no-header",
        metavar=" ",
        help="The first line is a row like any other; columns are called column_1 and so on.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Separator = Annotated[
    list[str] | None,
    typer.Option(
        "--separator",
        metavar="[SOURCE=]MARK",
        help="What separates cells: a character, or comma, semicolon, tab, pipe or space (any "
        "number of blanks); found by itself, file by file, if not named.",
        rich_help_panel=_PANEL,
    ),
]
Decimal = Annotated[
    list[str] | None,
    typer.Option(
        "--decimal",
        metavar="[SOURCE=]MARK",
        help="The decimal mark: a point (by default), or a comma, beside which points may stand "
        "between thousands.",
        rich_help_panel=_PANEL,
    ),
]
