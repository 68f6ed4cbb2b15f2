"""Networks of 8-bit integers: learning with quantisation in the loop, ranges, kernels."""
