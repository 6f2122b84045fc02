"""`python -m marquee`."""

from marquee.cli import main

main()
