"""Trying mutants: a forked process runs the tests that reach the mutated line, quickest first."""

from __future__ import annotations

import ast
import gc
import inspect
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from pkgutil import walk_packages
from types import CodeType, FunctionType

import coverage
import hypothesis
import jaxtyping
import pytest
from mutants_draw import SOURCE, Mutant

ROOT = SOURCE.parents[1]
PRELOADED = (
    "numpy", "scipy.stats", "scipy.optimize", "sklearn.ensemble", "sklearn.linear_model",
    "polars", "narwhals", "pandas", "pyarrow", "hypothesis.extra.numpy", "beartype",
    "pydantic", "rich", "yaml",
)  # fmt: skip
OPTIONS = (
    "-qx",
    "-m",
    "not slow",
    "-p",
    "no:cacheprovider",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "-W",
    "ignore::PendingDeprecationWarning",
)
PATIENCE = 120  # seconds until the first test
MOST = 20  # seconds of tests for one mutant, unless tried widely
OF_NEURAL_ROOMS = ("torch", "lightning_fabric", "skops.io")


# Before numpy and others read them: several threads would fight for a core with other work.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[variable] = "1"


class Chosen:
    """Pytest's plugin: run these tests in this order, and do not look for smaller examples."""

    def __init__(self, tests: list[str], seconds: dict[str, float]) -> None:
        self.tests, self.seconds = {test: n for n, test in enumerate(tests)}, seconds

    def pytest_configure(self) -> None:
        """Override the profile of the tests."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        parent = hypothesis.settings.get_profile("polytask")
        hypothesis.settings.register_profile("first failure", parent, phases=phases)
        hypothesis.settings.load_profile("first failure")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep and order."""
        items[:] = [item for item in items if item.nodeid in self.tests]
        items.sort(key=lambda item: self.tests[item.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End the process, by the signal's default, if the test takes far longer than it did."""
        signal.alarm(int(20 + 10 * self.seconds[item.nodeid]))


class Watched:
    """Pytest's plugin: which test runs which lines, and for how long."""

    def __init__(self, room: Path, file: Path) -> None:
        self.file, self.seconds, self.failed, self.context = file, {}, set(), ""
        self.coverage = coverage.Coverage(data_file=None, source=[str(room)], config_file=False)

    def pytest_configure(self) -> None:
        """Start before anything of polytask is imported."""
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """Attribute lines to the test."""
        self.switch(item.nodeid)
        began = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = time.perf_counter() - began
        self.switch("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef, request: object) -> object:
        """Attribute lines to all tests of a fixture's scope: it is set up once for them."""
        if fixturedef.scope == "function":
            return (yield)
        before = self.context
        self.switch(request.node.nodeid)
        result = yield
        self.switch(before)
        return result

    def switch(self, context: str) -> None:
        """Attribute what follows."""
        self.context = context
        self.coverage.switch_context(context)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the tests that fail without a mutant: they tell nothing of one."""
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_unconfigure(self) -> None:
        """Write what was found."""
        for test in self.failed:
            self.seconds.pop(test, None)
        self.coverage.stop()
        data = self.coverage.get_data()
        lines = {name: data.contexts_by_lineno(name) for name in data.measured_files()}
        self.file.write_text(json.dumps({"seconds": self.seconds, "lines": lines}))


def statement(code: str, line: int) -> range:
    """The lines of the statement that a line is part of, or of its head if it holds others."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt)]
    around = [node for node in nodes if node.lineno <= line <= node.end_lineno]
    if not around:  # a decorator
        return range(line, line + 1)
    node = max(around, key=lambda node: node.lineno)
    body = getattr(node, "body", None)
    return range(node.lineno, max(body[0].lineno if body else node.end_lineno + 1, line + 1))


Report = Callable[[Mutant, str], None]


def forked(work: Callable[[], int]) -> int:
    """Status of a fork that does this work; negative if a signal ended it."""
    process = os.fork()
    if process == 0:
        status = 3
        try:
            os.setsid()
            signal.alarm(PATIENCE)
            status = work()
        except BaseException:  # noqa: BLE001 (nothing of the parent's work may go on here)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)  # what the tests have started
    return status


def key_of(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def changed(before: str, after: str, file: str) -> dict[tuple[str, int], CodeType] | None:
    """The changed functions' new code; None if what runs while importing has changed."""
    (old, old_rest), (new, new_rest) = (
        _parts(compile(text, file, "exec", dont_inherit=True)) for text in (before, after)
    )
    different = {key: code for key, code in new.items() if code != old.get(key)}
    bound_alike = all(code.co_freevars == old[key].co_freevars for key, code in different.items())
    return different if old_rest == new_rest and bound_alike else None


def _parts(code: CodeType) -> tuple[dict[tuple[str, int], CodeType], list[object]]:
    """A module's functions, and what runs while importing."""
    functions, rest = {}, [code.co_code, code.co_names]
    for one in code.co_consts:
        if not isinstance(one, CodeType):
            rest.append(repr(one))
        elif one.co_flags & inspect.CO_OPTIMIZED and not one.co_name.startswith("<"):
            functions[key_of(one)] = one
        else:
            inner, inner_rest = _parts(one)
            functions |= inner
            rest += inner_rest
    return functions, rest


class Room:
    """A room's own tests and a copy of the source to mutate."""

    def __init__(self, name: str, folder: Path, without: Sequence[str]) -> None:
        for module in PRELOADED + OF_NEURAL_ROOMS * (name == "evaluation"):
            __import__(module)
        jaxtyping.install_import_hook = lambda *_: None  # type checks of all calls take long
        self.name, self.tests = name, f"tests/{name.strip('_')}"
        self.copy = folder / "src"
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(SOURCE.parent, self.copy, ignore=shutil.ignore_patterns("__pycache__"))
        self.log = folder / f"{name}.log"
        self.map = folder / f"{name}.json"
        if not self.map.exists():
            left_out = ["--maxfail=0"]
            watched = Watched(self.copy / "polytask" / name, self.map)
            left_out += [f"--ignore={self.tests}/{file}" for file in without]
            status = self.pytest(watched, self.tests, *left_out)
            if status not in {0, 1}:
                self.map.unlink(missing_ok=True)
            assert status in {0, 1}, f"the tests of {name} could not be run: {self.log}"
            if status:
                print(f"some tests of {name} fail without a mutant: {self.log}", file=sys.stderr)
        # What is compiled by now serves all trials; of a mutant nothing is kept.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        found = json.loads(self.map.read_text(encoding="utf-8"))
        self.seconds, self.lines = found["seconds"], found["lines"]
        reaching = {test for lines in self.lines.values() for one in lines.values() for test in one}
        self.reach_nothing = self.seconds.keys() - reaching

    def pytest(
        self, plugin: object, *arguments: str, before: Callable[[], None] = lambda: None
    ) -> int:
        """Status of pytest in a fork."""

        def work() -> int:
            signal.alarm(0 if isinstance(plugin, Watched) else PATIENCE)
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            self.enter()
            before()
            return int(pytest.main([*OPTIONS, *arguments], [plugin]))

        return forked(work)

    def enter(self) -> None:
        """Let this process and those that it starts find the copy."""
        os.environ["PYTHONPATH"] = str(self.copy)
        sys.path.insert(0, str(self.copy))
        os.chdir(ROOT)

    def file(self, mutant: Mutant) -> Path:
        """The copy of the file that is mutated."""
        return self.copy / "polytask" / mutant.file

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[str]:
        """Put a mutant in place of the original."""
        file = self.file(mutant)
        original = file.read_text(encoding="utf-8")
        file.write_text(mutant.code, encoding="utf-8")
        try:
            yield original
        finally:
            file.write_text(original, encoding="utf-8")

    def chosen(self, mutant: Mutant, *, widely: bool) -> list[str]:
        """The tests that reach the line, quickest first, but no more than take some seconds.

        What runs while importing is tried by all tests that reach its file, and by those that
        reach no line. `widely`: also the others of their files, however long they take.
        """
        reached = defaultdict(set)
        file = self.file(mutant)
        for line, contexts in self.lines.get(str(file), {}).items():
            reached[int(line)].update(contexts)
        lines = statement(file.read_text(encoding="utf-8"), mutant.line)
        contexts = set().union(*(reached[line] for line in lines))
        if not contexts or "" in contexts:
            contexts = set().union(*reached.values()) | self.reach_nothing
        contexts -= {""}
        files = {context.partition("::")[0] for context in contexts}
        tests = [
            test
            for test in self.seconds
            if test in contexts
            or (file_of := test.partition("::")[0]) in contexts
            or (widely and file_of in files)
        ]
        tests.sort(key=lambda test: (widely and test not in contexts, self.seconds[test]))
        spent = accumulate(self.seconds[test] for test in tests)
        return [test for test, until in zip(tests, spent, strict=True) if widely or until < MOST]

    def try_all(self, mutants: list[Mutant], report: Report, *, widely: bool) -> None:
        """Report what becomes of each mutant."""
        quick, slow = [], []
        for mutant in mutants:
            original = self.file(mutant).read_text(encoding="utf-8")
            served = changed(original, mutant.code, str(self.file(mutant))) is not None
            (quick if served else slow).append((mutant, self.chosen(mutant, widely=widely)))
        if quick:
            assert forked(lambda: self._serve(quick, report)) == 0, "mutants could not be tried"
        for mutant, tests in slow:
            with self.mutated(mutant):
                self._try(mutant, tests, report)

    def _try(
        self, mutant: Mutant, tests: list[str], report: Report, **settings: Callable[[], None]
    ) -> None:
        files = sorted({test.partition("::")[0] for test in tests})
        plugin = Chosen(tests, self.seconds)
        status = self.pytest(plugin, *files, **settings) if files else 0
        report(mutant, {0: "survived", -signal.SIGALRM: "timed out"}.get(status, "killed"))

    def _serve(self, pairs: list[tuple[Mutant, list[str]]], report: Report) -> int:
        """Try mutants of functions in forks that have imported the room: that spares much time."""
        signal.alarm(0)
        self.enter()
        package = import_module(f"polytask.{self.name}")
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
        live = defaultdict(list)
        for one in gc.get_objects():
            if type(one) is FunctionType:
                live[one.__code__.co_filename, *key_of(one.__code__)].append(one)
        for mutant, tests in pairs:
            with self.mutated(mutant) as original:  # on disk too, for processes that tests start
                file = str(self.file(mutant))
                codes = changed(original, mutant.code, file).items()
                swaps = [(one, code) for key, code in codes for one in live[file, *key]]
                self._try(mutant, tests, report, before=partial(swap, swaps))
        return 0


def swap(pairs: list[tuple[FunctionType, CodeType]]) -> None:
    """Give functions other code."""
    for function, code in pairs:
        function.__code__ = code
