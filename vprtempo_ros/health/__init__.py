"""The health of a running node: statistics of its frames, and diagnostics made from them."""
