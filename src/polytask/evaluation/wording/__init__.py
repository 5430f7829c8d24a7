"""Wording: tables, sentences and notes about what was judged."""
