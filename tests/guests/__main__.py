"""Compile all guests into the cache: `python -m tests.guests`."""

import sys

from tests.guests.build import build_all

sys.exit(build_all())
