"""`python -m flyball.cli`."""

from flyball.cli import main

main()
