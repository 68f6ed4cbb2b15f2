"""Evaluation of a map on a query: ground truth, baselines, figures and report."""
