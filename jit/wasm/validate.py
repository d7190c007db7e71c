"""The validated body, by the name others import it from."""

from jit.wasm.body import Block, Body

__all__ = ["Block", "Body"]
