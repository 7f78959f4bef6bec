"""The model of Green Algorithms: energy from time, cores and memory.

Lannelongue, Grealey, Inouye: Green Algorithms: Quantifying the Carbon Footprint of Computation.
Advanced Science 8 (2021), doi:10.1002/advs.202100707, equations 1 to 3:
E = t x (n_c x P_c x u_c + n_m x P_m) x PUE x PSF, and carbon = E x intensity of the grid.
"""

from __future__ import annotations

WATTS_PER_GB = 0.3725
"""P_m: of memory, whether it is used or not (there, section 2.2)."""
JOULES_PER_KWH = 3_600_000


def green_joules(
    *,
    core_seconds: float,
    watts_per_core: float,
    gb_seconds: float = 0.0,
    pue: float = 1.0,
    psf: float = 1.0,
) -> float:
    """Joules of so many core seconds (t x n_c x u_c) and gigabyte seconds (t x n_m).

    `pue` is what the data centre takes in all over what its computers take (1: none but the
    computer), `psf` how often the work was done to get the result once.
    """
    return (core_seconds * watts_per_core + gb_seconds * WATTS_PER_GB) * pue * psf


def grams_co2e(joules: float, grams_per_kwh: float) -> float:
    """Grams of CO2 equivalents of so many joules from a grid of that intensity."""
    return joules / JOULES_PER_KWH * grams_per_kwh
