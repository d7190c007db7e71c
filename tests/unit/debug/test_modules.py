"""Modules that are registered while a guest is under a debugger: an event each, once."""

from jit.debug.events import DebugEvent, ModuleRegistered
from jit.runtime.func import Caller, Func
from jit.runtime.types import FuncType
from tests.unit.debug.guest import Guest

CALLER = """(module (import "" "h" (func)) (func (export "f") call 0))"""


def test_a_module_is_reported_at_its_first_instance_only(guest: Guest) -> None:
    inner = guest.module("""(module (func (export "g")))""")

    def body(caller: Caller) -> None:
        guest.instantiate(inner)
        guest.instantiate(inner)

    host = Func(guest.store, FuncType([], []), body, access_caller=True)
    instance = guest.load(CALLER, host)
    events: list[DebugEvent] = []
    depths: list[int] = []

    def handler(event: DebugEvent) -> None:
        assert guest.debugger is not None
        events.append(event)
        depths.append(guest.debugger.depth())

    guest.run(instance, "f", handler=handler)
    assert events == [ModuleRegistered(inner)]
    assert depths == [1]


def test_the_embedder_makes_one_under_the_debugger(guest: Guest) -> None:
    module = guest.module("""(module (func (export "g")))""")
    events: list[DebugEvent] = []
    assert guest.debugger is not None
    guest.debugger.run(lambda: guest.instantiate(module), events.append)
    assert events == [ModuleRegistered(module)]


def test_nobody_is_told_without_a_debugger_running(guest: Guest) -> None:
    guest.load("""(module (func (export "g")))""")
    assert guest.debugger is not None
    assert guest.debugger.event is None
