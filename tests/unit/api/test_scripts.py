"""Scripts for the `wasmtime` package run after a change of their import lines, and print the same."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(__file__).parent / "scripts"
IMPORT = re.compile(r"^(from|import) wasmtime\b( as \w+)?", re.MULTILINE)


def ours(script: str) -> str:
    """Return a script with the package's name changed in its import lines."""
    changed = IMPORT.sub(
        lambda line: f"{line[1]} jit{line[2] or (' as wasmtime' if line[1] == 'import' else '')}",
        script,
    )
    assert changed != script
    return changed


def printed(script: str, folder: Path) -> str:
    """Run a script in a folder of its own, and give what it printed."""
    folder.mkdir()
    for text in SCRIPTS.glob("*.wat"):
        shutil.copy(text, folder)
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_a_script_runs_with_both(path: Path, tmp_path: Path) -> None:
    script = path.read_text()
    wanted = printed(script, tmp_path / "theirs")
    assert printed(ours(script), tmp_path / "ours") == wanted
    assert wanted
