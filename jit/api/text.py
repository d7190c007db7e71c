"""Modules given as text, where the binary format is expected."""

from jit.runtime.errors import WasmtimeError

MAGIC = b"\0asm"


def wat2wasm(wat: str | bytes) -> bytearray:
    """Return the binary format of a module in the text format.

    Raise WasmtimeError, which shows the place, for what is none. Validity is checked where a module is made.
    """
    from jit.wat.errors import TextError  # noqa: PLC0415 - most runs do without
    from jit.wat.module import assemble  # noqa: PLC0415

    try:
        text = wat if isinstance(wat, str) else bytes(wat).decode()
        return bytearray(assemble(text))
    except UnicodeDecodeError as error:
        raise WasmtimeError(f"the text of a module is not UTF-8: {error}") from error
    except TextError as error:
        raise WasmtimeError(str(error)) from error


def binary(wasm: str | bytes | bytearray | memoryview) -> bytes:
    """Return a module's bytes, whichever format it was given in."""
    if isinstance(wasm, str):
        return bytes(wat2wasm(wasm))
    if not isinstance(wasm, bytes | bytearray | memoryview):
        raise TypeError("expected wasm bytes")
    data = bytes(wasm)
    return bytes(wat2wasm(data)) if is_text(data) else data


def is_text(data: bytes) -> bool:
    """Say whether bytes look like a module in the text format."""
    return data.lstrip()[:1] in (b"(", b";")
