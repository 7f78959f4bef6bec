"""Suites of tasks, and what plays them."""
