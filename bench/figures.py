"""What the benches share: the shape of a figure, and the arithmetic of ratios."""

import json
import math
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Figure = Mapping[str, Any]
"""What a bench gives: plain data, ready for JSON."""

RESULT = re.compile(r"checksum (\d+)\nbest_ns (\d+)\n")


class WrongResult(Exception):
    """A program did not print what it must, or not the same on both sides."""


def geometric_mean(ratios: Iterable[float]) -> float:
    """Give the geometric mean of positive numbers."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms))


def parse_result(printed: str, what: str) -> tuple[int, int]:
    """Read what a timed program prints: its checksum, and its best time in nanoseconds."""
    found = RESULT.search(printed)
    if found is None:
        raise WrongResult(f"{what} printed {printed!r}")
    return int(found[1]), int(found[2])


def machine() -> Figure:
    """Describe where the figures were taken."""
    models = re.findall(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _read(name: str) -> str:
    try:
        return Path(name).read_text()
    except OSError:
        return ""


def say(text: str) -> None:
    """Tell how far the bench is, beside the figures."""
    sys.stderr.write(f"{text}\n")


def write_figure(folder: Path, name: str, figure: Figure) -> None:
    """Write a figure to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"bench": name, "machine": machine(), **figure}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=2) + "\n")
