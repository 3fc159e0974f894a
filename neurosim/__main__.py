"""Lets ``python -m neurosim`` run the command line."""

from neurosim.cli import main

main()
