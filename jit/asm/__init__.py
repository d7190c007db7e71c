"""Assembling: code buffers, labels, conditions, and one folder an instruction set."""
