"""The spiking network: layers and modules as plain arrays, the learning rule, training."""
