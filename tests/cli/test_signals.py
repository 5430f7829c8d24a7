"""What ends a command: Ctrl-C, SIGTERM, a closed terminal; and what does not."""

import signal
import time

import pytest

from polytask.cli._interrupt import Interrupted, ending_well


@pytest.fixture(autouse=True)
def _heard():
    """Shells start background jobs with Ctrl-C ignored, nohup with SIGHUP; here they are heard."""
    heard = dict.fromkeys(("SIGTERM", "SIGHUP"), signal.SIG_DFL)
    heard["SIGINT"] = signal.default_int_handler
    before = {
        number: signal.signal(number, handler)
        for name, handler in heard.items()
        if (number := getattr(signal, name, None)) is not None
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of Unix")


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("SIGINT", 130, "interrupted"),
        pytest.param("SIGTERM", 143, "terminated", marks=needs_signals),
        pytest.param("SIGHUP", 129, "terminated", marks=needs_signals),
    ],
)
def test_a_line_and_a_status(capsys, name, status, word):
    with pytest.raises(SystemExit) as end, ending_well(lambda: "all is kept."):
        signal.raise_signal(getattr(signal, name))
    assert end.value.code == status
    assert capsys.readouterr().err == f"{word}: all is kept.\n"


@needs_signals
def test_signals_that_were_ignored_stay_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_well():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with ending_well():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_signal_does_not_come_between(capsys):
    def kept() -> str:
        signal.raise_signal(signal.SIGINT)
        return "all is kept."

    with pytest.raises(Interrupted), ending_well(kept):
        signal.raise_signal(signal.SIGINT)
    assert capsys.readouterr().err == "interrupted: all is kept.\n"


def test_an_interrupt_that_is_swallowed_comes_again(capsys):
    class Swallows:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def command():
        Swallows()
        time.sleep(10)

    with pytest.raises(Interrupted), ending_well():
        command()
    assert capsys.readouterr().err == "interrupted\n"


def test_an_error_that_an_interrupt_became(capsys):
    def command():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half a module") from None

    with pytest.raises(Interrupted), ending_well():
        command()
    assert capsys.readouterr().err == "interrupted\n"
