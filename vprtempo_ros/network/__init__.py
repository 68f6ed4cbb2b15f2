"""The spiking network: its layers, its learning rules, and what it computes when it matches."""
