"""The mutants of a room: cosmic-ray's, ordered by chance."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

SOURCE = Path(__file__).parents[1] / "src" / "polytask"

# Replacing within these sets only: `a @ b` for `a + b`, or `==` for `is`, is no likely mistake.
ALIKE = (
    {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"},
    {"BitOr", "BitAnd", "BitXor"},
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"},
    {"Is", "IsNot"},
    {"USub", "UAdd"},
)
OTHERS = {
    "AddNot", "NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file with one change."""

    file: str
    where: str
    line: int
    before: str
    after: str
    code: str

    @property
    def key(self) -> str:
        """What outcomes and reasons are kept by; lines may move."""
        return f"{self.file} {self.where}: {self.before} → {self.after}"


@cache
def operators() -> dict[str, object]:
    names = {}
    for name in operator_names():
        kind, *pair = name.removeprefix("core/").split("_")
        if "_".join([kind, *pair]) in OTHERS or any(len(pair) == 2 and s >= {*pair} for s in ALIKE):
            names[name] = get_operator(name)()
    return names


class _Essence(ast.NodeTransformer):
    """Drop what is not mutated: annotations, type aliases, docstrings, errors and `__all__`."""

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        self.generic_visit(node)
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]  # a bare `*` is no product
        node.posonlyargs = node.kwonlyargs = []
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        node.annotation = ast.Constant(None)
        return node

    def visit_Raise(self, _: ast.Raise) -> ast.AST:
        return ast.Pass()

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        alias = node.col_offset == 0 and isinstance(node.value, ast.BinOp)
        alias = alias and isinstance(node.value.op, ast.BitOr | ast.BitAnd | ast.BitXor)
        return ast.Pass() if alias or ast.unparse(node.targets[0]) == "__all__" else node


def essence(code: str) -> str | None:
    """What of a module is mutated; None if it is no Python."""
    try:
        return ast.dump(_Essence().visit(ast.parse(code)))
    except SyntaxError:
        return None


def changed_line(before: str, after: str) -> tuple[int, str, str]:
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return next((n, b.strip(), a.strip()) for n, (b, a) in enumerate(pairs, 1) if b != a)


def sites(file: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Every place of a file that can be mutated, by a name that edits elsewhere do not change."""
    text = file.read_text(encoding="utf-8")
    nodes, lines = list(ast_nodes(get_ast(text))), text.split("\n")
    options, places = defaultdict(list), {}
    for name, operator in operators().items():
        count = 0
        for node in nodes:
            for start, end in operator.mutation_positions(node):
                options[start, end].append((name, count))
                places[start, end] = ASTQuery(node).get_definition_name()
                count += 1
    seen: Counter[str] = Counter()
    for (start, end), found in sorted(options.items()):
        line = lines[start[0] - 1]
        column = start[1] - (len(line) - len(line.lstrip()))
        name = f"{file.relative_to(SOURCE)} {places[start, end]} {line.strip()} {column} {end[1]}"
        seen[name] += 1
        yield f"{name} {seen[name]}|{places[start, end] or 'module'}", found


def chance(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed} {name}".encode()).digest()


def mutants(room: str, seed: int) -> Iterator[Mutant]:
    """The mutants of a room, one per place, in random order."""
    drawn = []
    for file in sorted((SOURCE / room).rglob("*.py")):
        drawn += [(chance(seed, name), name, file, found) for name, found in sites(file)]
    for _, name, file, found in sorted(drawn):
        operator, occurrence = min(found, key=lambda option: chance(seed, f"{name} {option}"))
        text = file.read_text(encoding="utf-8")
        code = mutate_code(text, operators()[operator], occurrence)
        if essence(code) not in {None, essence(text)}:
            where = name.rpartition("|")[2]
            yield Mutant(str(file.relative_to(SOURCE)), where, *changed_line(text, code), code)


def statements(room: str) -> int:
    """Size of a room: its statements, docstrings aside."""
    trees = [ast.parse(f.read_text(encoding="utf-8")) for f in (SOURCE / room).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return sum(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in nodes
    )
