"""Frames to spikes: encoders, and spikes against what is typical along the route."""
