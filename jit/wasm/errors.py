"""What can be wrong with a module: every failure of this package is one of these three."""


class WasmError(Exception):
    """A module cannot be used; `offset` is where in its bytes."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} (at offset {self.offset:#x})"


class MalformedModule(WasmError):
    """The bytes are not a module in the binary format."""


class InvalidModule(WasmError):
    """The module decodes, but breaks a validation rule."""


class UnsupportedFeature(WasmError):
    """The module uses a proposal this engine does not implement; `feature` names it."""

    def __init__(self, feature: str, offset: int, detail: str = "") -> None:
        what = f" ({detail})" if detail else ""
        super().__init__(f"unsupported feature: {feature}{what}", offset)
        self.feature = feature
