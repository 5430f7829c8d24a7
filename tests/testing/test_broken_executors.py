"""The check of an executor finds what is broken, one promise at a time."""

import pytest
from fakes_executors import LastFirst

from polytask.executors import Executor, LocalExecutor
from polytask.testing import check_executor


class Forgetful(LastFirst):
    def run(self, work, jobs, common):
        yield from list(super().run(work, jobs, common))[:6]


class Twice(LastFirst):
    def run(self, work, jobs, common):
        for pair in super().run(work, jobs, common):
            yield pair
            yield pair


class Shuffled(LastFirst):
    def run(self, work, jobs, common):
        for position, result in super().run(work, jobs, common):
            yield len(jobs) - 1 - position, result


class AllAtOnce(LastFirst):
    def run(self, work, jobs, common):
        return list(super().run(work, jobs, common))


class Eager(LastFirst):
    def run(self, work, jobs, common):
        return iter(list(super().run(work, jobs, common)))


class OnlyData(LastFirst):
    def run(self, work, jobs, common):
        if any(callable(job) for job in jobs):
            raise TypeError("cannot send a function")
        yield from super().run(work, jobs, common)


class Stale(LastFirst):
    """Keeps the first text that it gets."""

    text = None

    def run(self, work, jobs, common):
        if isinstance(common, str):
            common = self.text = self.text or common
        yield from super().run(work, jobs, common)


class Silent(LastFirst):
    def run(self, work, jobs, common):
        for position, job in enumerate(jobs):
            try:
                yield position, work(job, common)
            except KeyError:
                yield position, None


class Wrapping(LastFirst):
    def run(self, work, jobs, common):
        try:
            yield from super().run(work, jobs, common)
        except KeyError as error:
            raise RuntimeError("a worker failed") from error


class Rewording(LastFirst):
    def run(self, work, jobs, common):
        try:
            yield from super().run(work, jobs, common)
        except KeyError:
            raise KeyError("a worker failed") from None


class Broken(LastFirst):
    """Cannot be used after an error."""

    def run(self, work, jobs, common):
        if getattr(self, "broken", False):
            return
        try:
            yield from super().run(work, jobs, common)
        except KeyError:
            self.broken = True
            raise


class Leftover(LastFirst):
    """Yields what an abandoned run left."""

    left = ()

    def run(self, work, jobs, common):
        yield from self.left
        pairs = list(super().run(work, jobs, common))
        self.left = pairs
        while pairs:
            yield pairs.pop(0)


class OnceClosed(LastFirst):
    def run(self, work, jobs, common):
        if not self.n_closed:
            yield from super().run(work, jobs, common)


class Stranger(LastFirst):
    def __enter__(self):
        return LastFirst()


@pytest.mark.parametrize(
    ("executor", "sentence"),
    [
        (Forgetful, "position of each of 7 jobs once"),
        (Twice, "position of each of 7 jobs once"),
        (Shuffled, "result of job"),
        (AllAtOnce, "must return an iterator"),
        (Eager, "or an iterator with `close`"),
        (OnlyData, "cannot send a function"),
        (Stale, "`common` of this run"),
        (Silent, "must raise the error of a job that fails"),
        (Wrapping, "as it was"),
        (Rewording, "as it was"),
        (Broken, "position of each of 7 jobs once"),
        (Leftover, "nothing where there are no jobs"),
        (OnceClosed, "position of each of 7 jobs once"),
        (Stranger, "must give the executor itself"),
    ],
)
def test_a_broken_executor_is_found(executor, sentence):
    with pytest.raises((AssertionError, TypeError), match=sentence):
        check_executor(executor())


@pytest.mark.parametrize(
    "executor",
    [LastFirst(), LocalExecutor(), LocalExecutor(2)],
    ids=["last first", "local", "two workers"],
)
def test_sound_executors_pass(executor):
    check_executor(executor)


def test_run_must_be_written():
    with pytest.raises(TypeError, match="abstract"):
        Executor()
