"""Pieces of figures. Importing this folder loads matplotlib; do so inside `settings()`."""
