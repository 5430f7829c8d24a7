"""How far a linear model is from its data: value, gradient, Lipschitz constant."""

from polytask.datafits._datafit import Datafit

__all__ = ["Datafit"]
