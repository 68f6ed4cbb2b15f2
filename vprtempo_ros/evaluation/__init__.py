"""How good the answers are: recall, baselines, pictures."""
