"""Judging: from predictions of test rows to estimates, tests and the choice of a model."""
