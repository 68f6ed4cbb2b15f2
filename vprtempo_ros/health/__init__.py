"""Whether a running recogniser is well: what is counted, and what an operator is told of it."""
