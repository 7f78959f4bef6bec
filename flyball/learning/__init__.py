"""Training of the learned monitors, on runs from ledgers. Needs the extra `train`."""
