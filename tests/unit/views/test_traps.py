"""What a trap is told with: the op, its operands, and what they are too large for."""

from __future__ import annotations

import pytest
import wasmtime

from gdbstub.views.common.stops import Fault, fault_of
from jit import Config, Engine, Func, Instance, Module, Store, Trap
from jit.debug import events
from jit.debug.debugger import Debugger

TEXT = """
(module
  (memory 1)
  (table 4 funcref)
  (type $unary (func (param i32)))
  (elem (i32.const 1) $other)
  (func $other)
  (func $endless (call $endless))
  (func (export "go") {body}))
"""
OVERFLOW = "i32 65530 (0xfffa)"
END = "the memory has 0x10000 bytes"


# fmt: off
TRAPS = [
    ("(drop (i32.div_s (i32.const 5) (i32.const 0)))",
     "i32.div_s: i32 5 (0x5), i32 0 (0x0)"),
    ("(drop (i32.rem_u (i32.const -1) (i32.const 0)))",
     "i32.rem_u: i32 -1 (0xffffffff), i32 0 (0x0)"),
    ("i32.const 9 (drop (i64.load offset=8 (i32.const 65530))) drop",
     f"i64.load offset=8: {OVERFLOW}; {END}"),
    ("(i64.store (i32.const 65530) (i64.const 9))",
     f"i64.store: {OVERFLOW}, i64 9 (0x9); {END}"),
    ("(drop (i32.trunc_f64_s (f64.const 1e30)))",
     "i32.trunc_f64_s: f64 1e+30 (0x46293e5939a08cea)"),
    ("(memory.fill (i32.const 65530) (i32.const 7) (i32.const 10))",
     f"memory.fill: {OVERFLOW}, i32 7 (0x7), i32 10 (0xa); {END}"),
    ("(call_indirect (type $unary) (i32.const 3) (i32.const 0))",
     "call_indirect (param i32): i32 3 (0x3), i32 0 (0x0)"),
    ("(call_indirect (type $unary) (i32.const 3) (i32.const 1))",
     "call_indirect (param i32): i32 3 (0x3), i32 1 (0x1); slot 1 is other"),
    ("(call_indirect (type $unary) (i32.const 3) (i32.const 9))",
     "call_indirect (param i32): i32 3 (0x3), i32 9 (0x9); the table has 4 slots"),
    ("(drop (table.get 0 (i32.const 8)))", "table.get 0: i32 8 (0x8)"),
    ("(drop (i32.add (i32.const 1) (unreachable)))", ""),
    ("(call $endless)", ""),
]
# fmt: on


@pytest.mark.parametrize(("body", "detail"), TRAPS)
def test_the_op_that_trapped_and_its_operands(body: str, detail: str) -> None:
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    module = Module(store.engine, bytes(wasmtime.wat2wasm(TEXT.replace("{body}", body))))
    function = Instance(store, module, []).exports(store)["go"]
    assert isinstance(function, Func)
    debugger = Debugger(store)
    faults: list[Fault] = []

    def handle(event: events.DebugEvent) -> None:
        assert isinstance(event, events.Trap)
        faults.append(fault_of(debugger, event))

    with pytest.raises(Trap):
        debugger.run(lambda: function(store), handle)
    assert [fault.detail for fault in faults] == [detail]
