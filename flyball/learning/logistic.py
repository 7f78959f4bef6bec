"""Logistic regression that pulls its weights towards something: ridge, by Newton's method."""

from __future__ import annotations

import numpy as np

from flyball.learning.table import Floats

MOST_STEPS = 50
ENOUGH = 1e-9
"""A step that moves no weight further than this is the last."""


def fit_logistic(
    inputs: Floats, labels: Floats, weights: Floats, *, begin: Floats, penalty: Floats
) -> Floats:
    """The weights of `inputs` (rows, inputs) that tell `labels`, which are 0 or 1 (rows).

    `weights` are those of the rows; `begin` is what the weights found are pulled towards, by the
    square of their distance times half of `penalty` (inputs each).
    """
    found = begin
    for _ in range(MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ found, -500, 500)))
        gradient = inputs.T @ (weights * (chance - labels)) + penalty * (found - begin)
        hessian = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs
        move = np.linalg.solve(hessian + np.diag(penalty), gradient)
        found = found - move
        if np.abs(move).max() < ENOUGH:
            break
    return found


def fit_sigmoid(margin: Floats, labels: Floats, weights: Floats) -> tuple[float, float]:
    """Slope and intercept of the sigmoid that makes probabilities of margins (Platt 1999).

    A little is pulled towards leaving the margins as they are.
    """
    inputs = np.column_stack([margin, np.ones_like(margin)])
    slope, intercept = fit_logistic(
        inputs, labels, weights, begin=np.array([1.0, 0.0]), penalty=np.ones(2)
    )
    return float(slope), float(intercept)
