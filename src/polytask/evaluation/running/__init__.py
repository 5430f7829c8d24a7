"""Running: candidates, their runs on splits and seeds, and what is kept of them."""
