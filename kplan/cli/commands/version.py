"""``kplan version``: what this is and what it knows."""

from __future__ import annotations

import platform
import sys

from kplan import __version__
from kplan.cli.options import command_app

app = command_app()


@app.command()
def version() -> None:
    """Print the version of kplan and the Kubernetes minors it knows."""
    from kplan.catalog.catalog import known_minors

    sys.stdout.write(f"kplan {__version__}\nKubernetes {', '.join(known_minors())}\nPython {platform.python_version()}\n")
