#!/usr/bin/env bash
# The main job on scikit-learn's digits: does learning five questions together beat learning each
# alone? Takes some 20 seconds on two free cores, since each learner keeps its default settings; without
# --trials it tries three of each, and without --model more learners. Run it again and it goes on where it stood.
set -euo pipefail

BIN="${BIN:-.venv/bin}"
OUT="${OUT:-runs/demo}"

mkdir -p "$OUT"
"$BIN/polytask" datasets digits --out "$OUT/digits.csv"
echo
"$BIN/polytask" compare "$OUT/digits.csv" \
    --target digit:multiclass \
    --target odd:binary \
    --target closed_loops:multiclass \
    --target at_least_five:binary \
    --target prime:binary \
    --model hard_sharing \
    --model linear \
    --model gradient_boosting \
    --seeds 3 \
    --trials 1 \
    --out "$OUT/study"
