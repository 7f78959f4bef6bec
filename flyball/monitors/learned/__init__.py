"""Monitors that were learned from runs. Judging needs the standard library only."""
