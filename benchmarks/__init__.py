"""Scripts that print figures. Ratios are taken in one run: machines are shared and noisy."""
