"""Candidates, their runs on splits and seeds, and the records kept of them.

A newcomer begins with `_plan.py` (which runs a comparison needs) and `_run.py` (one of them).
"""
