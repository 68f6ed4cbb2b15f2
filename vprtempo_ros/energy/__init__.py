"""Operations of a map on real input, and their energy from published figures."""
