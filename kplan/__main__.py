"""``python -m kplan``."""

from kplan.cli.app import run

run()
