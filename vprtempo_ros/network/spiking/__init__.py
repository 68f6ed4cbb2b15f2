"""A spiking network for Loihi, trained by gradient with lava-dl (bootstrap training)."""
