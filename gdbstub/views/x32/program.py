"""The program as gdb fetches it: the object file of the first module, made when it is asked for."""

from __future__ import annotations
