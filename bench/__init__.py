"""Figures of speed, each beside a peer's from the same run: `python -m bench`."""
