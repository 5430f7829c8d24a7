"""Losses of linear models on (X, y): value, gradient, Lipschitz constant.

`Datafit` states the contract, which penalised linear models minimise beside a penalty.
"""

from polytask.datafits._datafit import Datafit

__all__ = ["Datafit"]
