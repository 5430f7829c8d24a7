"""Records of a comparison → one HTML file that opens offline."""

from polytask.report._render import render, write_report

__all__ = ["render", "write_report"]
