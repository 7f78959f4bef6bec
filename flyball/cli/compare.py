"""`flyball bench compare`."""


def compare() -> None:
    """Compare."""
