"""Tables, sentences and notes that present a judged comparison.

A newcomer begins with `_verdict.py` (the answer) and `_terminal_table.py` (the table).
"""
