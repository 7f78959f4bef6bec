"""The code suite: one-edit bugs in small Python functions, and programs that the user brings."""
