"""Networks of 8-bit integers: training with quantisation in the loop, calibration, kernels."""
