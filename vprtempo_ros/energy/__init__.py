"""What a map costs on real input: operations counted, energy from published figures."""
