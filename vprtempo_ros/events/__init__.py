"""Event cameras: packets to arrays, arrays to event-count images."""
