#!/usr/bin/env bash
# The main job on scikit-learn's digits: does training the tasks together beat training them apart?
set -euo pipefail

BIN="${BIN:-.venv/bin}"
BUILD="${BUILD:-build/demo}"

mkdir -p "$BUILD"
"$BIN/polytask" datasets digits --out "$BUILD/digits.csv"
"$BIN/polytask" compare "$BUILD/digits.csv" \
    --target digit:multiclass \
    --target parity:binary \
    --target closed_loops:multiclass \
    --seeds 3 \
    --out runs/demo
