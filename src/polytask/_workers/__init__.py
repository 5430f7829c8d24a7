"""Worker processes that end with their parent, signals that wait, memory that is free."""

from polytask._workers._memory import free_memory
from polytask._workers._serve import serve
from polytask._workers._signals import ENDING, signals_held
from polytask._workers._worker import Worker

__all__ = ["ENDING", "Worker", "free_memory", "serve", "signals_held"]
