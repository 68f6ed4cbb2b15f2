"""Frames to spikes: encoders, and spikes against what is usual along the route."""
