"""Extended mode: starting the program again, its arguments and variables, attaching again.

What the client says of variables holds for the runs it starts later (GDB manual, E.2 `vRun`, E.4
`QEnvironmentHexEncoded`). No shell starts a guest, and it has no working directory: `QStartupWithShell`
and `QSetWorkingDir` could not be true.
"""

from __future__ import annotations

from gdbstub.commands.outcome import OK, Attach, Outcome, Quit, Run
from gdbstub.commands.state import Client
from gdbstub.extensions import ExecFile
from gdbstub.rsp import FieldError, text_from_hex
from gdbstub.target import Launch


def extend(client: Client, _: None) -> Outcome:
    """`!`."""
    client.extended = True
    return OK


def parse_run(rest: bytes) -> tuple[str, tuple[str, ...]]:
    """Take `program[;argument]...`, each in hexadecimal."""
    program, *arguments = (text_from_hex(field) for field in rest.split(b";"))
    return program, tuple(arguments)


def run(client: Client, wanted: tuple[str, tuple[str, ...]]) -> Outcome:
    """`vRun`: an empty program is the one that is served. Its reply is a stop."""
    program, arguments = wanted
    target = client.target
    served = ("", target.exec_file()) if isinstance(target, ExecFile) else ("",)
    client.arguments = arguments
    return Run(_launch(client, None if program in served else program))


def restart(client: Client, _: bytes) -> Outcome:
    """`R`: the same again. It has no reply."""
    return Run(_launch(client, None), silent=True)


def _launch(client: Client, program: str | None) -> Launch:
    client.created = True
    return Launch(program, client.arguments, tuple(client.variables.items()))


def attach(client: Client, _: int) -> Outcome:
    """`vAttach`, to a guest that was detached from; its reply is a stop."""
    return Attach()


def end_server(client: Client, _: None) -> Outcome:
    """`monitor exit`, as gdbserver has it: a server that waits for the next run ends."""
    return Quit()


def parse_assignment(rest: bytes) -> tuple[str, str]:
    """Take `NAME=VALUE` in hexadecimal."""
    name, equals, value = text_from_hex(rest).partition("=")
    if not name or not equals:
        raise FieldError("a variable is set with NAME=VALUE")
    return name, value


def set_variable(client: Client, variable: tuple[str, str]) -> Outcome:
    """`QEnvironmentHexEncoded`."""
    name, value = variable
    client.variables[name] = value
    return OK


def unset_variable(client: Client, name: str) -> Outcome:
    """`QEnvironmentUnset`."""
    client.variables[name] = None
    return OK


def reset_variables(client: Client, _: None) -> Outcome:
    """`QEnvironmentReset`."""
    client.variables.clear()
    return OK
