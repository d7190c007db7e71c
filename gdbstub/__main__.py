"""`python -m gdbstub`: the command line."""

import sys

from gdbstub.cli import main

sys.exit(main())
