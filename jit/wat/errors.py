"""What can be wrong with a module's text."""


class TextError(Exception):
    """The text is no module; `line` and `column` count from 1.  As a string it shows the place, as Wasmtime does."""

    def __init__(self, message: str, text: str, at: int) -> None:
        self.message = message
        self.line = text.count("\n", 0, at) + 1
        first = text.rfind("\n", 0, at) + 1
        self.column = at - first + 1
        shown = text[first:].partition("\n")[0]
        margin = " " * max(len(f"{self.line:5}"), 5)
        super().__init__(
            f"{message}\n     --> <anon>:{self.line}:{self.column}\n"
            f"{margin} |\n{self.line:5} | {shown}\n{margin} | {' ' * (at - first)}^"
        )
