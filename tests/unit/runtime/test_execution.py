"""Calls in and out of the guest, traps, interrupts: the driver, under assembled functions."""

import select
import threading
from collections.abc import Callable
from typing import Any

import pytest

from jit.abi.frame_table import RowKind
from jit.abi.traps import TrapCode
from jit.abi.vmctx import GLOBALS
from jit.runtime.errors import HostCallInterrupted, StoreInUse, WasmtimeError
from jit.runtime.func import Caller, Func, HostFunction
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.trap import Trap
from jit.runtime.types import FuncType, ValType
from tests.unit.runtime.assembled import (
    EPILOGUE,
    MACHINES,
    PROLOGUE,
    assemble,
    call_record,
    make_module,
    make_store,
    table,
)

I32, I64, F32, F64 = ValType.i32(), ValType.i64(), ValType.f32(), ValType.f64()

# The vmctx of a module with one type has its first import here.
FIRST_IMPORT = GLOBALS + 8


@pytest.fixture(params=MACHINES)
def store(request: pytest.FixtureRequest) -> Store:
    return make_store(request.param)


def only_export(store: Store, module: Module, *imports: Func) -> Func:
    func = Instance(store, module, imports).exports(store)["f"]
    assert isinstance(func, Func)
    return func


def calling(signature: str = "", rows: str = "") -> Module:
    """Return a module whose export `f` calls its import with the arguments it got."""
    return make_module(
        f'(module (import "h" "g" (func {signature})) (func (export "f") {signature} unreachable))',
        PROLOGUE + call_record(FIRST_IMPORT) + EPILOGUE,
        tables=[table(0)],
    )


def test_integers_and_floats_in_registers(store: Store) -> None:
    module = make_module(
        '(module (func (export "f") (param i32 f64 i64 f32) (result f64) unreachable))',
        """
        movsxd rdi, edi
        add rdi, rsi
        cvtsi2sd xmm2, rdi
        cvtss2sd xmm1, xmm1
        addsd xmm0, xmm1
        addsd xmm0, xmm2
        ret""",
    )
    assert only_export(store, module)(store, -3, 0.5, 1 << 40, 0.25) == (1 << 40) - 3 + 0.75


def test_arguments_and_results_beyond_the_registers(store: Store) -> None:
    params = " ".join(["i64"] * 9)
    module = make_module(
        f'(module (func (export "f") (param {params}) (result i64 i32 i64 i64) unreachable))',
        # Parameters 6.. and results 2.. travel in the overflow buffer.
        """
        mov r11, [r14 + OVERFLOW]
        mov rax, [r11]
        mov rdx, [r11 + 16]
        mov rcx, [r11 + 32]
        mov [r11], rcx
        mov [r11 + 16], rdi
        ret""",
    )
    assert only_export(store, module)(store, *range(-9, 0)) == [-3, -2, -1, -9]


def test_upper_halves_are_ignored(store: Store) -> None:
    module = make_module(
        '(module (func (export "f") (result i32) unreachable))',
        "mov rax, 0x180000000\nret",
    )
    assert only_export(store, module)(store) == -(1 << 31)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "too few parameters provided: given 0, expected 1"),
        ((1, 2), "too many parameters provided: given 2, expected 1"),
    ],
)
def test_number_of_arguments(arguments: tuple[int, ...], error: str) -> None:
    store = make_store("native")
    func = only_export(store, make_module('(module (func (export "f") (param i32)))', "ret"))
    with pytest.raises(WasmtimeError, match=error):
        func(store, *arguments)


def test_function_of_another_store() -> None:
    func = only_export(make_store("native"), make_module('(module (func (export "f")))', "ret"))
    with pytest.raises(WasmtimeError, match="wrong store"):
        func(make_store("native"))


def test_functions_are_compiled_when_first_called(store: Store) -> None:
    module = make_module('(module (func (export "f")) (func))', "ret", "ret")
    func = only_export(store, module)
    assert module.source.compiled == []  # type: ignore[attr-defined]
    func(store)
    func(store)
    assert module.source.compiled == [0]  # type: ignore[attr-defined]


def test_instances_share_code(store: Store) -> None:
    module = make_module('(module (func (export "f")))', "ret")
    for _ in range(2):
        only_export(store, module)(store)
    assert module.source.compiled == [0]  # type: ignore[attr-defined]


def test_host_function_gets_and_gives_values(store: Store) -> None:
    seen: list[Any] = []

    def host(*arguments: Any) -> float:
        seen.extend(arguments)
        return 1.25

    type_ = FuncType([I32, F64, I64, F32], [F64])
    func = only_export(
        store, calling("(param i32 f64 i64 f32) (result f64)"), Func(store, type_, host)
    )
    assert func(store, -1, 2.5, -(1 << 63), 0.5) == 1.25
    assert seen == [-1, 2.5, -(1 << 63), 0.5]


def test_raw_host_function_gets_bits_and_the_caller(store: Store) -> None:
    def host(caller: Caller, *bits: int) -> int:
        assert caller.context() is store
        assert caller.instance is store.instances[0]
        return sum(bits)

    type_ = FuncType([I32, I64], [I32])
    raw = Func.of_host(store, HostFunction(store, type_.wasm, host, raw=True))
    assert only_export(store, calling("(param i32 i64) (result i32)"), raw)(store, -1, 1) == 0


def test_caller_ends_with_the_call(store: Store) -> None:
    callers: list[Caller] = []
    host = Func(store, FuncType([], []), callers.append, access_caller=True)
    only_export(store, calling(), host)(store)
    with pytest.raises(ValueError, match="no longer valid"):
        callers[0].context()


def test_host_function_called_from_outside(store: Store) -> None:
    host = Func(store, FuncType([I32], [I32, I64]), lambda value: (value, value + 1))
    assert host(store, 5) == [5, 6]


@pytest.mark.parametrize(
    ("results", "value", "error"),
    [
        ([], 1, "callback produced results when it shouldn't"),
        ([I32, I32], [1], "callback produced wrong number of results"),
        ([I32], "q", "don't know how to convert 'q' to i32"),
        ([F32], 1, "don't know how to convert 1 to f32"),
    ],
)
def test_wrong_results_of_a_host_function(results: list[ValType], value: Any, error: str) -> None:
    store = make_store("native")
    signature = f"(result {' '.join(map(str, results))})" if results else ""
    host = Func(store, FuncType([], results), lambda: value)
    with pytest.raises((TypeError, WasmtimeError), match=error):
        only_export(store, calling(signature), host)(store)


def test_exception_of_a_host_function_passes_through(store: Store) -> None:
    error = KeyError("mine")

    def host() -> None:
        raise error

    with pytest.raises(KeyError) as caught:
        only_export(store, calling(), Func(store, FuncType([], []), host))(store)
    assert caught.value is error
    assert store.activations == []


def test_guest_and_host_take_turns(store: Store) -> None:
    def host(value: int) -> int:
        return value if value == 0 else 1 + funcs[0](store, value - 1)

    funcs = [
        only_export(
            store,
            calling("(param i32) (result i32)"),
            Func(store, FuncType([I32], [I32]), host),
        )
    ]
    assert funcs[0](store, 20) == 20


def test_endless_turns_are_a_stack_overflow(store: Store) -> None:
    funcs: list[Func] = []
    host = Func(store, FuncType([], []), lambda: funcs[0](store))
    funcs.append(only_export(store, calling(), host))
    with pytest.raises(Trap) as caught:
        funcs[0](store)
    assert caught.value.trap_code is TrapCode.STACK_OVERFLOW
    assert store.activations == []


def test_trap_has_code_message_and_backtrace(store: Store) -> None:
    inner = PROLOGUE + f"mov eax, {int(TrapCode.UNREACHABLE)}\n call [r14 + STUB_TRAP]"
    wat = '(module $m (func $inner unreachable) (func (export "f") call $inner))'
    module = make_module(wat, inner, "")
    records = Instance(make_store("native"), module, []).layout.records
    outer = PROLOGUE + f"lea rax, [r14 + {records}]\n call [rax]\n" + EPILOGUE
    pcs = [body.start + 1 for body in module.info.bodies]
    # A call's row says where the guest goes on: the op after the call.
    tables = [
        table(0, (len(assemble(inner)), RowKind.TRAP, pcs[0])),
        table(1, (len(assemble(outer)) - len(assemble(EPILOGUE)), RowKind.CALL, pcs[1] + 2)),
    ]
    func = only_export(store, make_module(wat, inner, outer, tables=tables))
    with pytest.raises(Trap) as caught:
        func(store)
    trap = caught.value
    assert trap.trap_code is TrapCode.UNREACHABLE
    assert [frame.func_index for frame in trap.frames] == [0, 1]
    assert trap.message == (
        "error while executing at wasm backtrace:\n"
        f"    0: {pcs[0]:#8x} - m!inner\n"
        f"    1: {pcs[1]:#8x} - m!<wasm function 1>\n\n"
        "Caused by:\n    wasm trap: wasm `unreachable` instruction executed\n"
    )


def endless_recursion() -> Module:
    wat = '(module (func (export "f") call 0))'
    records = Instance(make_store("native"), make_module(wat, ""), []).layout.records
    text = f"""
    push rbp
    mov rbp, rsp
    sub rsp, 1024
    cmp rsp, [r14 + STACK_LIMIT]
    jb 1f
    mov [rsp], r14
    call [r14 + {records}]
    1: call [r14 + STUB_INTERRUPT]
    """
    return make_module(wat, text, tables=[table(0)])


def test_endless_recursion_is_a_stack_overflow(store: Store) -> None:
    with pytest.raises(Trap) as caught:
        only_export(store, endless_recursion())(store)
    assert caught.value.trap_code is TrapCode.STACK_OVERFLOW
    assert len(caught.value.frames) == 20


SPIN = (
    PROLOGUE
    + """
    1: cmp dword ptr [r14 + INTERRUPT], 0
    je 1b
    call [r14 + STUB_INTERRUPT]
    """
    + EPILOGUE
)


def spinning() -> Module:
    return make_module('(module (func (export "f") unreachable))', SPIN, tables=[table(0)])


def test_interrupt_from_another_thread_traps(store: Store) -> None:
    func = only_export(store, spinning())
    threading.Timer(0.02, store.interrupt).start()
    with pytest.raises(Trap) as caught:
        func(store)
    assert caught.value.trap_code is TrapCode.INTERRUPT


def looking_at_entry() -> Module:
    return make_module(
        '(module (func (export "f") unreachable))',
        PROLOGUE
        + "cmp rsp, [r14 + STACK_LIMIT]\n jae 1f\n call [r14 + STUB_INTERRUPT]\n 1:"
        + EPILOGUE,
        tables=[table(0)],
    )


def test_interrupt_waits_for_the_next_run_and_happens_once(store: Store) -> None:
    func = only_export(store, looking_at_entry())
    store.interrupt()
    with pytest.raises(Trap):
        func(store)
    func(store)


def test_interrupt_reaches_instances_made_afterwards(store: Store) -> None:
    store.interrupt()
    with pytest.raises(Trap):
        only_export(store, spinning())(store)


class Recorder:
    """Hooks that note what they are told; `act` is called at every stop."""

    def __init__(self, act: Callable[[Any], None] = lambda activation: None) -> None:
        self.seen: list[Any] = []
        self._act = act

    def _note(self, what: Any, activation: Any) -> None:
        self.seen.append(what)
        self._act(activation)

    def on_breakpoint(self, activation: Any) -> None:
        self._note(("breakpoint", activation.context.pc), activation)

    def on_interrupt(self, activation: Any, requested: bool) -> None:
        self._note(("interrupt", requested, activation.host is not None), activation)

    def on_watch(self, activation: Any) -> None:
        self._note(("watch",), activation)

    def on_trap(self, activation: Any, trap: Trap) -> None:
        self._note(("trap", trap.trap_code), activation)

    def on_epoch(self, activation: Any) -> None:
        self._note("epoch", activation)

    def on_hostcall_error(self, activation: Any, error: Exception) -> None:
        self._note(("error", error), activation)

    def on_compiled(self, code: Any, defined_index: int) -> None:
        self.seen.append(("compiled", defined_index))

    def on_instance(self, instance: Any) -> None:
        self.seen.append("instance")

    def on_left(self) -> None:
        """Not noted."""


def test_hooks_see_an_interrupt_and_let_the_guest_go_on(store: Store) -> None:
    store.hooks = hooks = Recorder()
    store.interrupt()
    only_export(store, spinning())(store)
    assert hooks.seen == ["instance", ("compiled", 0), ("interrupt", True, False)]


def test_entry_stops_are_not_requests_and_stay(store: Store) -> None:
    store.hooks = hooks = Recorder()
    func = only_export(store, looking_at_entry())
    store.entry_stops = True
    func(store)
    func(store)
    assert hooks.seen[-2:] == [("interrupt", False, False)] * 2


def test_breakpoint_exits_and_goes_on_with_every_register(store: Store) -> None:
    text = "\n".join(
        [f"mov r{n}, {n * 1001}" for n in range(8, 14)]
        + [
            "mov ebx, 77",
            "stc",
            f".byte {','.join(map(hex, store.isa.site_disabled()))}",
            "sbb eax, eax",
            "neg eax",
            "add eax, ebx",
        ]
        + [f"add eax, r{n}d" for n in range(8, 14)]
        + ["ret"]
    )
    func = only_export(
        store, make_module('(module (func (export "f") (result i32) unreachable))', text)
    )
    expected = func(store)
    assert expected == 1 + 77 + 1001 * sum(range(8, 14))
    range_ = store.code.modules()[0].function(0)
    assert range_ is not None
    code = store.machine.read_code(range_.start, range_.end - range_.start)
    at = range_.start + code.index(store.isa.site_disabled())
    store.hooks = hooks = Recorder()
    store.machine.patch(at, store.isa.site_enabled(at, store.code.breakpoint))
    assert func(store) == expected
    assert hooks.seen == [("breakpoint", at + store.isa.site_size)]
    store.machine.patch(at, store.isa.site_disabled())
    assert func(store) == expected
    assert len(hooks.seen) == 1


def test_hook_may_call_the_guest(store: Store) -> None:
    calls: list[int] = []

    def act(activation: Any) -> None:
        if activation.depth == 0:
            with store.debugger_call():
                calls.append(inner(store, 5))

    inner = only_export(
        store,
        make_module(
            '(module (func (export "f") (param i32) (result i32) unreachable))',
            "lea eax, [rdi + rdi]\nret",
        ),
    )
    spin = only_export(store, spinning())
    store.hooks = Recorder(act)
    store.interrupt()
    spin(store)
    assert calls == [10]


class Kill(BaseException):
    """What a debugger unwinds with."""


def test_hook_may_unwind_the_guest(store: Store) -> None:
    def act(activation: Any) -> None:
        raise Kill

    func = only_export(store, spinning())
    store.hooks = Recorder(act)
    store.interrupt()
    with pytest.raises(Kill):
        func(store)
    assert store.activations == []


def test_hooks_see_errors_of_host_functions_but_not_kills(store: Store) -> None:
    error: BaseException = ValueError("mine")

    def host() -> None:
        raise error

    func = only_export(store, calling(), Func(store, FuncType([], []), host))
    store.hooks = hooks = Recorder()
    with pytest.raises(ValueError):
        func(store)
    error = Kill()
    with pytest.raises(Kill):
        func(store)
    assert hooks.seen == [("compiled", 0), ("error", hooks.seen[1][1])]


def test_interrupted_host_call_is_made_again(store: Store) -> None:
    seen: list[int] = []

    def host(value: int) -> int:
        seen.append(value)
        if len(seen) == 1:
            store.interrupt()
            raise HostCallInterrupted
        return value + 1

    func = only_export(
        store, calling("(param i32) (result i32)"), Func(store, FuncType([I32], [I32]), host)
    )
    store.hooks = hooks = Recorder()
    assert func(store, 7) == 8
    assert seen == [7, 7]
    assert hooks.seen[-1] == ("interrupt", True, True)


def test_interrupted_host_call_traps_without_a_debugger(store: Store) -> None:
    def host() -> None:
        store.interrupt()
        raise HostCallInterrupted

    with pytest.raises(Trap) as caught:
        only_export(store, calling(), Func(store, FuncType([], []), host))(store)
    assert caught.value.trap_code is TrapCode.INTERRUPT
    assert len(caught.value.frames) == 1


def test_wake_descriptor_is_readable_while_an_interrupt_is_wanted(store: Store) -> None:
    def readable() -> bool:
        return bool(select.select([store.wake_descriptor], [], [], 0)[0])

    store.interrupt()
    store.interrupt()
    assert readable()
    assert store.take_interrupt()
    assert not readable()
    assert not store.take_interrupt()
    store.interrupt()
    assert readable()


EPOCH = (
    PROLOGUE
    + """
    mov rax, [r14 + EPOCH_COUNTER]
    mov rax, [rax]
    cmp rax, [r14 + EPOCH_DEADLINE]
    jb 1f
    call [r14 + STUB_EPOCH]
    1:"""
    + EPILOGUE
)


def epoch_func(store: Store) -> Func:
    return only_export(
        store, make_module('(module (func (export "f") unreachable))', EPOCH, tables=[table(0)])
    )


def test_epoch_deadline_traps(store: Store) -> None:
    func = epoch_func(store)
    store.set_epoch_deadline(1)
    func(store)
    store.state.epoch.increment()
    with pytest.raises(Trap) as caught:
        func(store)
    assert caught.value.trap_code is TrapCode.INTERRUPT


def test_epoch_deadline_yields(store: Store) -> None:
    func = epoch_func(store)
    store.epoch_deadline_yield_and_update(2)
    store.set_epoch_deadline(0)
    store.hooks = hooks = Recorder()
    func(store)
    func(store)
    for _ in range(2):
        store.state.epoch.increment()
    func(store)
    assert hooks.seen.count("epoch") == 2


def test_second_thread_is_refused(store: Store) -> None:
    errors: list[BaseException] = []

    def other() -> None:
        try:
            funcs[0](store)
        except StoreInUse as error:
            errors.append(error)

    def host() -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    funcs = [only_export(store, calling(), Func(store, FuncType([], []), host))]
    funcs[0](store)
    assert [str(error) for error in errors] == ["store is in use by another thread"]


def test_another_thread_may_run_afterwards(store: Store) -> None:
    func = only_export(
        store,
        make_module('(module (func (export "f") (result i32) unreachable))', "mov eax, 3\nret"),
    )
    func(store)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(func(store)))
    thread.start()
    thread.join()
    assert results == [3]


def test_start_function_runs_and_may_trap(store: Store) -> None:
    trapping = PROLOGUE + f"mov eax, {int(TrapCode.UNREACHABLE)}\n call [r14 + STUB_TRAP]"
    module = make_module("(module (func unreachable) (start 0))", trapping, tables=[table(0)])
    with pytest.raises(Trap):
        Instance(store, module, [])
