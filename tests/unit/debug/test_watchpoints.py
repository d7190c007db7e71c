"""Watchpoints: each access is hit once, after it, at the next boundary; code is as before afterwards."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings

from jit.abi.code import Variant, Watch
from jit.abi.frame_table import RowKind
from jit.debug.errors import OutOfRange
from jit.debug.events import Breakpoint, DebugEvent, Watched
from jit.debug.watchpoints import Access, Watchpoint
from jit.runtime.func import Caller, Func, HostFunction
from jit.runtime.instance import Instance
from jit.runtime.trap import Trap
from jit.runtime.types import FuncType, ValType
from tests.unit.debug.guest import MACHINES, Guest, nop_pc
from tests.unit.debug.programs import random_program
from tests.unit.debug.test_random import INTERESTING, SCALE, SEEDS, SETTINGS

Watching = Callable[[Guest, Instance], None]


def stops(
    guest: Guest, wat: str, set_: Watching, *arguments: Any, imports: tuple[Func, ...] = ()
) -> list[tuple[str, int, str]]:
    """Run `f`, let `set_` set watchpoints at the `nop`; return (type, offset, op passed) of each hit."""
    instance = guest.load(wat, *imports)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))
    hits: list[tuple[str, int, str]] = []

    def handler(event: DebugEvent) -> None:
        if isinstance(event, Breakpoint):
            set_(guest, instance)
            return
        assert isinstance(event, Watched)
        frame = debugger.frame(0)
        assert frame is not None
        where = frame.wasm_function_index_and_pc()
        assert where is not None
        pcs = debugger.boundaries(0, where[0])
        op = instance.module.info.data[pcs[list(pcs).index(where[1]) - 1]]
        for hit in event.hits:
            hits.append((type(hit.watchpoint).__name__[:-10], hit.offset, f"{op:02x}"))

    guest.run(instance, "f", *arguments, handler=handler)
    return hits


def watching(access: Access, address: int, length: int) -> Watching:
    def set_(guest: Guest, instance: Instance) -> None:
        assert guest.debugger is not None
        guest.debugger.watch_memory(access, instance, 0, address, length)

    return set_


BODY = '(module (memory 1) (data $d "xyz") (func (export "f") (nop) {}))'
W, R, A = Access.WRITE, Access.READ, Access.ANY

# fmt: off
ACCESSES = [
    ("(i32.store (i32.const 100) (i32.const 7))",                      W, [0], "36"),
    ("(i64.store offset=92 (i32.const 1) (i64.const -1))",             W, [0], "37"),
    ("(f64.store (i32.const 102) (f64.const 1.1))",                    W, [2], "39"),
    ("(i32.store8 (i32.const 103) (i32.const 7))",                     W, [3], "3a"),
    ("(i32.store8 (i32.const 104) (i32.const 7))",                     W, [], ""),
    ("(i32.store8 (i32.const 99) (i32.const 7))",                      W, [], ""),
    ("(i64.store (i32.const 92) (i64.const -1))",                      W, [], ""),
    ("(i32.store (i32.const 100) (i32.const 0))",                      W, [], ""),
    ("(i32.store (i32.const 100) (i32.const 0))",                      A, [0], "36"),
    ("(i32.store (i32.const 100) (i32.const 7))",                      R, [], ""),
    ("(drop (i32.load (i32.const 100)))",                              W, [], ""),
    ("(drop (i32.load (i32.const 100)))",                              R, [0], "28"),
    ("(drop (i64.load16_u offset=100 (i32.const 1)))",                 A, [1], "33"),
    ("(drop (f64.load (i32.const 95)))",                               A, [0], "2b"),
    ("(drop (f32.load (i32.const 96)))",                               A, [], ""),
    ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 101))",      W, [0], "fc"),
    ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 100))",      W, [], ""),
    ("(memory.fill (i32.const 101) (i32.const 1) (i32.const 0))",      A, [], ""),
    ("(memory.init $d (i32.const 102) (i32.const 0) (i32.const 3))",   W, [2], "fc"),
    ("(memory.copy (i32.const 0) (i32.const 90) (i32.const 20))",      R, [0], "fc"),
    ("(memory.copy (i32.const 90) (i32.const 0) (i32.const 20))",      R, [], ""),
    ("(memory.copy (i32.const 90) (i32.const 0) (i32.const 20))",      A, [0], "fc"),
]
# fmt: on


@pytest.mark.parametrize(("op", "access", "offsets", "code"), ACCESSES)
def test_accesses_of_four_bytes(
    guest: Guest, op: str, access: Access, offsets: list[int], code: str
) -> None:
    hits = stops(guest, BODY.format(op), watching(access, 100, 4))
    assert hits == [("Memory", offset, code) for offset in offsets]


def test_constant_and_computed_addresses_are_alike(guest: Guest) -> None:
    wat = """(module (memory 1) (func (export "f") (param i32 i64 f32) (nop)
      (i32.store offset=5 (local.get 0) (i32.const 1)) (i64.store (local.get 0) (local.get 1))
      (f32.store offset=3 (local.get 0) (local.get 2)) (i64.store32 offset=8 (local.get 0) (i64.const 9))))"""
    hits = stops(guest, wat, watching(W, 103, 6), 100, 1 << 62, 1.5)
    assert hits == [
        ("Memory", 2, "36"),
        ("Memory", 0, "37"),
        ("Memory", 0, "38"),
        ("Memory", 5, "3e"),
    ]


LOOP = """(module (memory 1) (global $g (mut i32) (i32.const 0))
  (func $store (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func $deep (param $n i32)
    (if (i32.eqz (local.get $n)) (then (nop)) (else (call $deep (i32.sub (local.get $n) (i32.const 1)))))
    (i32.store (i32.const 100) (local.get $n)))
  (func (export "f") (param $n i32) (local $i i32)
    (call $deep (local.get $n))
    (loop $again
      (call $store (i32.const 200) (local.get $i))
      (global.set $g (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))))"""


def test_callers_that_were_on_the_stack_watch_too(guest: Guest) -> None:
    def set_(guest: Guest, instance: Instance) -> None:
        debugger = guest.debugger
        assert debugger is not None
        debugger.watch_memory(W, instance, 0, 100, 4)
        debugger.watch_memory(A, instance, 0, 200, 1)
        debugger.watch_memory(W, instance, 0, 60000, 8)

    # $deep stores 0, which changes nothing, then 1, 2, 3.
    assert stops(guest, LOOP, set_, 3) == [("Memory", 0, "36")] * 6


def test_globals_and_a_local_of_one_frame(guest: Guest) -> None:
    def set_(guest: Guest, instance: Instance) -> None:
        debugger = guest.debugger
        assert debugger is not None
        debugger.watch_global(W, instance, 0)
        outermost = debugger.frame(debugger.depth() - 1)
        assert outermost is not None
        debugger.watch_local(W, outermost, 1)

    hits = stops(guest, LOOP, set_, 3)
    local, global_ = ("Local", 0, "21"), ("Global", 0, "24")
    assert hits == [local, global_, local, global_, local]


def test_reads_of_locals_and_globals(guest: Guest) -> None:
    wat = """(module (global $g (mut i64) (i64.const 1)) (func (export "f") (param i64) (nop)
      (drop (local.get 0)) (global.set $g (local.get 0)) (drop (global.get $g))
      (local.set 0 (i64.const 1)) (drop (local.tee 0 (i64.const 2)))))"""

    def set_(access: Access) -> Watching:
        def watch(guest: Guest, instance: Instance) -> None:
            debugger = guest.debugger
            assert debugger is not None
            frame = debugger.frame(0)
            assert frame is not None
            debugger.watch_local(access, frame, 0)
            debugger.watch_global(access, instance, 0)

        return watch

    def ops(access: Access) -> list[str]:
        return [op for _, _, op in stops(guest, wat, set_(access), 1)]

    assert ops(R) == ["20", "20", "23"]


def test_writes_by_host_functions_are_seen_where_they_return(guest: Guest) -> None:
    def write(caller: Caller, address: int) -> None:
        instance.memories[0].linear.write(address, b"host")

    wat = """(module (import "" "h" (func $h (param i32))) (memory (export "m") 1) (func (export "f") (nop)
      (call $h (i32.const 99)) (call $h (i32.const 99))))"""
    host = HostFunction(guest.store, FuncType([ValType.i32()], []).wasm, write, raw=True, name="h")
    instance = guest.load(wat, Func.of_host(guest.store, host))
    debugger = guest.debugger
    assert debugger is not None
    watchpoint = debugger.watch_memory(W, instance, 0, 100, 2)
    events: list[DebugEvent] = []
    guest.run(instance, "f", handler=events.append)
    (event,) = events
    assert isinstance(event, Watched) and event.in_host_call
    assert [hit.watchpoint for hit in event.hits] == [watchpoint]


def test_what_the_debugger_writes_is_no_hit(guest: Guest) -> None:
    def set_(guest: Guest, instance: Instance) -> None:
        debugger = guest.debugger
        assert debugger is not None
        debugger.watch_memory(W, instance, 0, 100, 4)
        debugger.write_memory(instance, 0, 100, b"\x07\0\0\0")

    assert stops(guest, BODY.format("(i32.store (i32.const 100) (i32.const 7))"), set_) == []


def test_a_store_out_of_bounds_is_no_hit(guest: Guest) -> None:
    instance = guest.load(BODY.format("(i64.store (i32.const 65532) (i64.const -1))"))
    debugger = guest.debugger
    assert debugger is not None
    debugger.watch_memory(A, instance, 0, 65532, 4)
    events: list[str] = []
    with pytest.raises(Trap):
        guest.run(instance, "f", handler=lambda event: events.append(type(event).__name__))
    assert events == ["Trap"]


def test_memory_that_grows_is_watched_before_it_is_there(guest: Guest) -> None:
    ops = """(drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 65535) (i32.const 1))
        (i32.store (i32.const 65536) (i32.const 7)) (i32.store (i32.const 65540) (i32.const 1))"""
    hits = stops(guest, BODY.format(ops), watching(W, 65536, 4))
    assert hits == [("Memory", 0, "36")]


def test_what_lies_outside_the_memory_is_refused(guest: Guest) -> None:
    instance = guest.load("(module (memory 1 1))")
    debugger = guest.debugger
    assert debugger is not None
    for address, length in ((65533, 4), (-1, 4), (0, 0)):
        with pytest.raises(OutOfRange):
            debugger.watch_memory(W, instance, 0, address, length)
    with pytest.raises(OutOfRange):
        debugger.watch_global(W, instance, 0)


def test_without_watchpoints_everything_is_as_before(guest: Guest) -> None:
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))
    plain = guest.patched_bytes()
    set_: list[Watchpoint] = []
    kinds: list[set[Watch]] = []

    def handler(event: DebugEvent) -> None:
        addresses = [frame.address for frame in debugger.frames()]
        ranges = [guest.store.code.lookup(address) for address in addresses]
        kinds.append({range_.variant.watch for range_ in ranges if range_ is not None})
        if len(kinds) == 1:
            set_.append(debugger.watch_memory(W, instance, 0, 100, 4))
            set_.append(debugger.watch_global(W, instance, 0))
        elif len(kinds) == 2:
            for watchpoint in set_:
                debugger.unwatch(watchpoint)
            debugger.set_breakpoint(0, debugger.boundaries(0, 0)[0])
        else:
            debugger.clear_breakpoints()

    guest.run(instance, "f", 2, handler=handler)
    assert kinds == [{Watch.NOTHING}, {Watch.WRITES}, {Watch.NOTHING}]
    assert guest.patched_bytes() == plain
    assert not debugger._core.enabling.patches.any_enabled()


def test_steps_beside_watchpoints(guest: Guest) -> None:
    """Each boundary once, watched or not."""
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    watchpoints = [
        debugger.watch_memory(W, instance, 0, 200, 4),
        debugger.watch_global(W, instance, 0),
    ]
    pcs: list[tuple[str, int]] = []

    def handler(event: DebugEvent) -> None:
        pcs.append((type(event).__name__, guest.place().pc))

    debugger.step(True)
    guest.run(instance, "f", 3, handler=handler)
    watched = pcs.copy()
    for watchpoint in watchpoints:
        debugger.unwatch(watchpoint)
    pcs.clear()
    debugger.write_memory(instance, 0, 200, bytes(4))
    guest.run(instance, "f", 3, handler=handler)
    assert [pc for _, pc in watched] == [pc for _, pc in pcs]
    # The first of each is unchanged.
    assert [name for name, _ in watched].count("Watched") == 4


def test_calls_by_the_debugger_are_watched(guest: Guest) -> None:
    instance = guest.load(LOOP.replace("(func $store", '(func $store (export "s")'))
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))
    seen: list[str] = []

    def handler(event: DebugEvent) -> None:
        seen.append(type(event).__name__)
        if isinstance(event, Breakpoint):
            debugger.watch_memory(W, instance, 0, 300, 4)
            debugger.call(guest.function(instance, "s"), [300, 5])
            seen.append("called")

    guest.run(instance, "f", 2, handler=handler)
    assert seen == ["Breakpoint", "Watched", "called"]


@pytest.mark.parametrize("machine", ["native", "aarch64"])
@settings(max_examples=20 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_watching_code_has_the_same_points(machine: str, seed: int) -> None:
    guest = Guest(machine)
    module = guest.module(random_program(seed))
    for index in range(len(module.info.bodies)):
        for canonical in (False, True):
            tables = []
            for watch in Watch:
                module.source.compile(index, Variant(canonical, watch))
                table = module.source.frame_table(index, Variant(canonical, watch))
                looking = (RowKind.READ, RowKind.WRITE)
                tables.append([(r.kind, r.points) for r in table.rows if r.kind not in looking])
            assert tables[0] == tables[1] == tables[2]


def changes(
    guest: Guest, wat: str, arguments: list[int], span: tuple[int, int], rng: random.Random | None
) -> list[tuple[int, int]]:
    """Return where the bytes of a span changed, as (function, PC) after it.

    Without `rng` that is found by stepping; else a watchpoint tells, and another comes and goes.
    """
    instance, debugger = guest.load(wat), guest.debugger
    assert debugger is not None
    linear = instance.memories[0].linear
    last, found = linear.read(*span), []
    other: Watchpoint | None = None
    debugger.step(True)

    def handler(event: DebugEvent) -> None:
        nonlocal last, other
        now = linear.read(*span)
        if now != last:
            place = guest.place()
            found.append((place.function, place.pc))
        last = now

    def watching_handler(event: DebugEvent) -> None:
        nonlocal other
        handler(event)
        if other is None:
            debugger.watch_memory(W, instance, 0, *span)
            debugger.step(False)
        else:
            debugger.unwatch(other)
        assert rng is not None
        other = debugger.watch_memory(rng.choice((W, R, A)), instance, 0, 65528, 8)

    function = guest.function(instance, "f0")
    with suppress(Trap):
        debugger.run(
            lambda: function.call_bits(arguments), handler if rng is None else watching_handler
        )
    return found


@pytest.mark.parametrize("machine", sorted(MACHINES))
@settings(max_examples=10 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_every_change_is_hit_once(machine: str, seed: int) -> None:
    """Watchpoints come and go at random stops; what stepping sees change is what is hit."""
    wat, rng = random_program(seed), random.Random(seed)
    span = rng.choice(((0, 8), (0, 64), (8, 4), (16, 1), (100, 300)))
    types = Guest(machine).load(wat).module.info.func_type(0).params
    arguments = [rng.choice(INTERESTING[code]) for code in types]
    stepped = changes(Guest(machine), wat, arguments, span, None)
    assert changes(Guest(machine), wat, arguments, span, rng) == stepped
