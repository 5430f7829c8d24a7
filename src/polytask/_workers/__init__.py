"""Worker processes that end with their parent, deferred signals, and the memory there is.

Begin with ``_worker.py``, the parent's side of a worker; ``_serve.py`` is the loop in the process
itself, and ``_messages.py`` what passes between them.
"""

from polytask._workers._answers import answered
from polytask._workers._collection_paused import collection_paused
from polytask._workers._memory import free_memory, total_memory
from polytask._workers._serve import serve
from polytask._workers._signals import ENDING, signals_held
from polytask._workers._worker import Worker

__all__ = [
    "ENDING",
    "Worker",
    "answered",
    "collection_paused",
    "free_memory",
    "serve",
    "signals_held",
    "total_memory",
]
