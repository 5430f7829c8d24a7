"""Worker processes that end with their parent, signals that wait, memory that is free."""

from polytask._processes._memory import free_memory
from polytask._processes._serve import serve
from polytask._processes._signals import ENDING, signals_held
from polytask._processes._worker import Worker

__all__ = ["ENDING", "Worker", "free_memory", "serve", "signals_held"]
