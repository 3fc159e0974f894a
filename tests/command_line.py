"""The command line, run in the process of the test."""

import sys

from neurosim import cli


def run(monkeypatch, capsys, *arguments):
    """Run ``neurosim`` with some arguments; returns (status, standard output, standard error)."""
    monkeypatch.setattr(sys, "argv", ["neurosim", *map(str, arguments)])
    try:
        cli.main()
        status = 0
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err
