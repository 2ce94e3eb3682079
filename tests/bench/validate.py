"""CPU seconds of ``kplan validate`` over 15 000 objects in 5 000 files, schema layer only and in full.

    python tests/bench/validate.py [FOLDER]     the folder is made if it is not there
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import write_files


def main(folder: Path) -> None:
    """Measure whole processes."""
    if not folder.exists():
        write_files(folder, 5000)
    for options in (["--schema-only"], []):
        before = os.times()
        subprocess.run([sys.executable, "-m", "kplan", "validate", "-q", *options, str(folder)], check=True)
        after = os.times()
        seconds = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"{' '.join(options) or 'in full':14} {seconds:.1f} CPU-seconds, {after.elapsed - before.elapsed:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "manifests")
