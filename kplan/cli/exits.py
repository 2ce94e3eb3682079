"""The exit codes.

0 planned · 1 refused, or found something at ``--fail-on`` · 2 usage · 3 internal error; with ``--detailed-exitcode``
0 no changes · 1 error · 2 changes.
"""

from __future__ import annotations

import typer

from kplan.cli.saying import say

PLANNED, REFUSED, USAGE, CRASHED = 0, 1, 2, 3
CHANGES = 2


def usage_error(message: str) -> typer.Exit:
    """Says what is wrong with the command line; to be raised."""
    say(f"error: {message}")
    return typer.Exit(USAGE)
