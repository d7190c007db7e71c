"""Functions called by stock gdb, `return` and `jump`: native gdb shows the same for the native twin."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.gdb.languages import cplusplus, rust
from tests.gdb.session import Gdb, debug, debug_natively, plain, serving
from tests.guests.build import Guest
from tests.guests.fixtures import Builder
from tests.serving import TIME_LIMIT

HERE = Path(__file__).parent
KEEP = ("-Wl,--no-gc-sections",)


@pytest.fixture
def program(guest: Builder) -> Guest:
    """The program of this file, for our server."""
    return guest("calls", flags=KEEP, folder=HERE)


@pytest.fixture
def twin(native_twin: Builder) -> Guest:
    """The same program for gdbserver."""
    return native_twin("calls", folder=HERE)


CALLS = (
    "print fib(7)",
    "print counter",
    "print add(2, -5)",
    "print wide(0x100000000, 'A', 65535)",
    "print scale(2.5, 3, 4)",
    "print make_pair(5)",
    "print make_big(9)",
    "print make_one(1.25)",
    "print make_mixed(0.5, 3)",
    "print sum_pair(a_pair)",
    "print sum_big(a_big)",
    "print only(an_one)",
    "print sum_mixed(a_mixed)",
    "print grow(a_deep, 10)",
    "print grow(grow(a_deep, 2), 3).inner",
    "print apply(add, 3, 4)",
    "print apply(chosen, 3, 4)",
    "print chosen(30, 4)",
    "print apply(unpointed, 3, 4)",
    'print length("abcde")',
    "print many(1, 2, 3, 4, 5, 6, 7, 8)",
    "print sum_of(4, 10, 20, 30, 40)",
    "print sum_of(9, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "print fib(add(2, 3))",
    "call (void) add(1, 2)",
    "print half(5)",
    "print third(1.5)",
    "print tenth(-12345678901)",
    "print n",
    "print counter",
)


def test_results_are_those_of_the_native_twin(program: Guest, twin: Guest) -> None:
    commands = ["break fib", "c", *CALLS[1:2], "delete", *CALLS, "bt 2", "c"]
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in (*CALLS, "bt 2"):
        assert plain(ours[command]) == plain(theirs[command]), command
    assert "exited with code 03" in ours["c"]


def test_function_pointers_are_set_to_functions(program: Guest, twin: Guest) -> None:
    asked = (
        "print add(apply(chosen, 5, 6), 0)",
        "print chosen(5, 6)",
    )
    commands = ("break outer", "c", "set var chosen = unpointed", *asked, "delete", "c")
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in asked:
        assert plain(ours[command]) == plain(theirs[command]), command
    assert plain(ours["print chosen(5, 6)"]) == "$2 = 506"


NESTED = (
    "break outer",
    "c",
    "break fib if n == 1",
    "print fib(3)",
    "bt",
    "print n",
    "finish",
    "delete",
    "c",
    "bt",
    "print n",
    "next",
    "next",
    "print inner",
)


def test_a_breakpoint_inside_a_called_function(program: Guest, twin: Guest) -> None:
    ours, theirs = debug(program, NESTED), debug_natively(twin, NESTED)
    for command in NESTED:
        said, expected = ours.all(command), theirs.all(command)
        assert [plain(text) for text in said] == [plain(text) for text in expected], command


def test_trap_in_a_call_leaves_the_session_alive(program: Guest) -> None:
    commands = (
        "break outer",
        "c",
        "set unwindonsignal on",
        "print crash((int *) 0x7ffffff0)",
        "bt 1",
        "print add(1, 2)",
        "delete",
        "c",
    )
    said = debug(program, commands)
    assert "out of bounds memory access" in said["print crash((int *) 0x7ffffff0)"]
    assert said["bt 1"].startswith("#0  outer (n=3)")
    assert said["print add(1, 2)"] == "$1 = 3"
    assert "exited with code 03" in said["c"]


def test_a_guest_that_exits_in_a_call(program: Guest) -> None:
    said = debug(program, ("break outer", "c", "print leave(9)"))
    assert "exited with code 011" in said["print leave(9)"]


def test_a_call_that_is_given_up(program: Guest) -> None:
    commands = (
        "break outer",
        "c",
        "break fib if n == 2",
        "print fib(4)",
        "frame 3",
        "return",
        "delete",
        "bt 1",
        "print add(20, 3)",
        "c",
    )
    said = debug(program, commands)
    assert said["bt 1"].startswith("#0  outer (n=3)")
    assert said["print add(20, 3)"] == "$1 = 23"
    assert "exited with code 03" in said["c"]


BAD_PACKETS = (
    *(
        "Zgarbage",
        "Z0",
        "z0,zz,1",
        "P",
        "P10=0",
        "Pff=00",
        "G00",
        "p999",
        "g0",
        "vCont;q",
        "vCont;r1",
    ),
    *("vCont;s:99", "m", "m0,", "mc8000000,4", "Xfff", "X0,4:a", "Xf7000000,4:abcd", "M0,1:0000"),
    *("Hg99", "T99", "qRcmd,zz", "vFile:pread:99,1,0", "qXfer:features:read:none:0,1", "vKill;99"),
)


def test_malformed_packets_in_the_middle_of_a_call_change_nothing(program: Guest) -> None:
    call = ("break outer", "c", "break fib if n == 1", "print fib(3)")
    bad = tuple(f"maint packet {packet}" for packet in BAD_PACKETS)
    shown = ("bt", "info registers rip rsp rbp", "print n", "monitor locals", "monitor globals")
    end = ("finish", "delete", "c", "bt", "print value", "print fib(7)", "c")
    with serving(program) as server:
        server.end_input()
        said = Gdb(server.port, (*call, *shown, *bad, *shown, *end)).results()
        log = "".join(server.log())
    for command in bad:
        assert re.fullmatch(r'sending: .*\nreceived: "(E(?!99)..|F-1,.)?"', said[command]), command
    for command in shown[1:]:
        before, after = said.all(command)
        assert re.sub(r"\$\d+ = ", "", before) == re.sub(r"\$\d+ = ", "", after), command
    first, second, last = said.all("bt")
    assert first == second and "<function called from gdb>" in first
    assert said["finish"].endswith("Value returned is $3 = 1")
    assert last.startswith("#0  outer (n=3)")
    assert said["print fib(7)"] == "$4 = 13"
    assert "exited with code 03" in said["c"]
    assert "Traceback" not in log


@pytest.mark.parametrize("leave", ["disconnect", "shell kill -9 $PPID"])
@pytest.mark.parametrize("back", [("c",), ("up", "up", "finish", "bt 1", "c"), ("return", "c")])
def test_a_client_that_goes_in_the_middle_of_a_call(
    program: Guest, leave: str, back: tuple[str, ...]
) -> None:
    """The next one finds the function called by the one it was called in, and it returns there."""
    first = ("break outer", "c", "break fib if n == 1", "print fib(3)")
    commands = ("bt", "print fib(5)", "print sum_big(a_big)", *back)
    options = [part for command in (*first, leave) for part in ("-ex", command)]
    with serving(program, once=False) as server:
        server.end_input()
        words = ["gdb", "-nx", "-batch", "-ex", f"target remote 127.0.0.1:{server.port}", *options]
        gone = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        said = Gdb(server.port, commands).results()
        log = "".join(server.log())
    assert "stopped while in a function called from GDB" in gone.stdout
    names = re.findall(r"^#\d+ .*?(\w+) \(", said["bt"], re.MULTILINE)
    assert names == ["fib", "fib", "fib", "outer", "main"]
    assert said["print fib(5)"] == "$1 = 5"
    assert said["print sum_big(a_big)"] == "$2 = 11.5"
    if "finish" in back:
        assert said["bt 1"].startswith("#0  outer (n=3)")
    assert "exited with code 03" in said["c"]
    assert "Traceback" not in log


def test_return_gives_the_value_and_restores_the_stack(program: Guest, twin: Guest) -> None:
    commands = ("break outer", "c", "break fib", "c", "delete", "return 40", "next", "print inner")
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    assert plain(ours["print inner"]) == plain(theirs["print inner"]) == "$1 = 40"
    said = debug(program, (*commands, "print sum_big(make_big(4))", "c"))
    assert said["print sum_big(make_big(4))"] == "$2 = 11"
    assert "exited with code 051" in said["c"]


def test_a_struct_returned_early(program: Guest, twin: Guest) -> None:
    commands = ("break make_pair", "print make_pair(1)", "return a_pair", "print sum_pair($)")
    ours = debug(program, ("break outer", "c", *commands))
    theirs = debug_natively(twin, ("break outer", "c", *commands))
    assert plain(ours["return a_pair"]) == plain(theirs["return a_pair"])


RETURNED = (
    ("half", "return 2.5", "print d", "$1 = 2.5"),
    ("third", "return 0.75", "print f", "$1 = 0.75"),
    ("tenth", "return 1234567890123", "print l", "$1 = 1234567890123"),
    ("make_pair", "return a_pair", "print p", "$1 = {a = 3, b = 4}"),
    ("make_mixed", "return a_mixed", "print m", "$1 = {x = 1.5, n = 7}"),
)


@pytest.mark.parametrize(
    ("function", "back", "asked", "expected"), RETURNED, ids=[each[0] for each in RETURNED]
)
def test_values_of_every_kind_are_returned(
    program: Guest, twin: Guest, function: str, back: str, asked: str, expected: str
) -> None:
    commands = ("break halves", "c", f"break {function}", "c", "delete", back, "next", asked)
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    assert plain(ours[asked]) == plain(theirs[asked]) == expected
    said = debug(program, (*commands, "print fib(7)", "c"))
    assert said["print fib(7)"] == "$2 = 13"
    assert "exited with code 03" in said["c"]


def test_a_jump_into_the_middle_of_an_expression_is_refused(program: Guest) -> None:
    """The argument before it is not on the operand stack."""
    line = 1 + (HERE / "calls.c").read_text().splitlines().index("      fib(n));")
    said = debug(program, ("break spread", "c", f"jump {line}", "bt 1", "finish", "c"))
    assert "finds i32 i32 on the stack, there is nothing" in said[f"jump {line}"]
    assert said["bt 1"].startswith("#0  spread (n=0)")
    assert "Value returned is $1 = 0" in said["finish"]
    assert "exited with code 03" in said["c"]


def test_functions_are_called_by_their_place_in_a_table(program: Guest) -> None:
    commands = (
        "break outer",
        "c",
        "print (long) chosen",
        "print ((int (*)(int, int)) $)(30, 12)",
        "print ((int (*)(int, int)) 1000)(30, 12)",
        "delete",
        "c",
    )
    said = debug(program, commands)
    assert said["print ((int (*)(int, int)) $)(30, 12)"] == "$2 = 42"
    assert "no function of the guest" in said["print ((int (*)(int, int)) 1000)(30, 12)"]
    assert "exited with code 03" in said["c"]


def test_calls_beside_an_array_of_variable_length(program: Guest, twin: Guest) -> None:
    """It lies below all that the function has elsewhere, where gdb puts what it passes."""
    asked = (
        "print total(array, n)",
        "print sum_big(a_big)",
        "print grow(a_deep, 1).inner",
        "print array",
        "print total(array, n)",
    )
    line = 1 + (HERE / "calls.c").read_text().splitlines().index("  return total(array, n);")
    commands = (f"break {line}", "c", *asked, "up", "print value", "delete", "c")
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in (*asked, "print value"):
        for one, other in zip(ours.all(command), theirs.all(command), strict=True):
            assert plain(one) == plain(other), command
    assert "exited with code 03" in ours["c"]


def test_printf_of_the_guest(program: Guest) -> None:
    """By its format, though the C library has no debug information."""
    call = 'call (int) printf("<%s %d %.2f %c %lld>\\n", "text", 5, 2.5, 90, 12345678901ll)'
    with serving(program) as server:
        server.end_input()
        said = Gdb(server.port, ("break outer", "c", call, "delete", "c")).results()
        assert said[call] == "$1 = 28"
        assert "exited with code 03" in said["c"]
        assert "<text 5 2.50 Z 12345678901>" in server.output()


def test_a_trap_in_a_call_may_be_looked_at(program: Guest) -> None:
    call = "print crash((int *) 0x7ffffff0)"
    commands = ("break outer", "c", call, "bt", "print p", "frame 1", "return", "bt 1", "delete")
    said = debug(program, (*commands, "print add(1, 2)", "c"))
    assert "Program received signal SIGSEGV" in said[call]
    assert re.match(r"#0 .* crash \(p=0x7ffffff0\).*\n#1  <function called from gdb>", said["bt"])
    assert said["print p"] == "$1 = (int *) 0x7ffffff0"
    assert said["bt 1"].startswith("#0  outer (n=3)")
    assert said["print add(1, 2)"] == "$2 = 3"
    assert "exited with code 03" in said["c"]


def test_jump_goes_on_at_another_line(program: Guest, twin: Guest) -> None:
    commands = (
        "break outer",
        "c",
        "next",
        "print inner",
        "tbreak 45",
        "jump 45",
        "next",
        "print inner",
    )
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in ("print inner", "jump 45", "next"):
        assert [plain(t) for t in ours.all(command)] == [plain(t) for t in theirs.all(command)]


def test_a_jump_to_where_the_program_stands_hits_the_breakpoint_there(
    program: Guest, twin: Guest
) -> None:
    """gdb lifts a breakpoint to go on from it, but not for a jump; it writes no register then."""
    commands = (
        *("break fib", "c", "jump *$pc", "info breakpoints", "condition 1 n == 1"),
        *("jump *$pc", "print n", "stepi", "delete", "c"),
    )
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in ("jump *$pc", "print n"):
        said, expected = ours.all(command), theirs.all(command)
        assert [plain(text) for text in said] == [plain(text) for text in expected]
    assert "already hit 2 times" in ours["info breakpoints"]
    assert "exited with code 03" in ours["c"]


def test_a_pc_that_is_no_place_is_refused_in_words(program: Guest) -> None:
    said = debug(program, ("break outer", "c", "set $pc = 0x1000", "c", "bt 1", "delete", "c"))
    assert "cannot go on at 0x1000" in said.all("c")[1]
    assert said["bt 1"].startswith("#0  outer (n=3)")
    assert "exited with code 03" in said["c"]


def test_a_call_in_a_condition_that_gdb_evaluates(program: Guest, twin: Guest) -> None:
    commands = ("break fib if sum_pair(a_pair) + n == 8", "c", "print n", "bt", "delete", "c")
    ours, theirs = debug(program, commands), debug_natively(twin, commands)
    for command in ("print n", "c"):
        assert plain(ours.all(command)[0]) == plain(theirs.all(command)[0])
    assert "exited with code 03" in ours["c"]


def test_functions_without_debug_information(guest: Builder) -> None:
    stripped = guest("calls", flags=(*KEEP, "-g0"), folder=HERE)
    commands = ("break outer", "c", "print fib", "print fib(7)", "print (int) fib(7)")
    with serving(stripped, options=["--no-listing"]) as server:
        server.end_input()
        said = Gdb(server.port, commands).results()
    assert said["print fib"].startswith("$1 = {<text variable, no debug info>} 0xe")
    assert said["print fib(7)"].startswith("'fib' has unknown return type")
    assert said["print (int) fib(7)"] == "$2 = 13"


MANY = (
    "sum_big(a_big)",
    "make_pair(5)",
    "make_big(9)",
    "sum_of(9, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "apply(add, 3, 4)",
)
SHOWN = (
    "monitor globals",
    "monitor locals",
    "monitor tables",
    "info registers",
    "bt",
    "output value",
)


@pytest.mark.parametrize(
    "count", [500, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.limit(500)])]
)
def test_many_calls_in_one_stop_leave_no_trace(program: Guest, tmp_path: Path, count: int) -> None:
    """All of memory from the shadow stack pointer on, globals, tables, locals and registers."""

    def dump(name: str) -> str:
        return f"dump binary memory {tmp_path / name} $vmctx->__stack_pointer $vmctx->memory.size"

    rounds = count // len(MANY)
    values = ", ".join(f"'{call}'" for call in MANY)
    loop = f"python results = {{str([str(gdb.parse_and_eval(c)) for c in [{values}]]) for _ in range({rounds})}}"
    place = ("break outer", "c", "up")
    with serving(program) as server:
        server.end_input()
        commands = (*place, *SHOWN, dump("before"), loop, "frame 1", *SHOWN, dump("after"))
        end = ("python print(len(results))", "python print(results.pop())", "delete", "c")
        said = Gdb(server.port, (*commands, *end)).results(max(TIME_LIMIT, count / 20))
    assert said["python print(len(results))"] == "1"
    assert re.findall(r"'([^']*)'", said["python print(results.pop())"]) == [
        "11.5",
        "{a = 5, b = 6}",
        "{a = {9, 10, 0, 0, 0, 0, 0, 0}, tail = 4.5}",
        "45",
        "7",
    ]
    for command in SHOWN:
        before, after = said.all(command)
        assert before == after, command
    first, second = ((tmp_path / name).read_bytes() for name in ("before", "after"))
    assert len(first) > 0x10000
    assert first == second
    assert "exited with code 03" in said["c"]


def test_methods_and_virtual_functions_of_cplusplus() -> None:
    asked = (
        "print cube.area()",
        "print ((const ns::Base *) &cube)->area()",
        "print ns::twice<int>(21)",
        "print ns::twice<double>(1.25)",
        "print pointer(4)",
    )
    commands = ("break look", "c", *asked, "delete", "c")
    ours = debug(cplusplus("O0", *KEEP), commands)
    theirs = debug_natively(cplusplus("O0", native=True), commands)
    for command in asked:
        assert plain(ours[command]) == plain(theirs[command]), command
    assert "exited normally" in ours["c"]


def test_objects_of_gdb_s_own_are_passed_by_reference() -> None:
    """Temporaries, copies made by a copy constructor, and results for another call."""
    asked = (
        "print sum_of(plus(vector, vector))",
        "print sum_of(vector + vector)",
        "print by_value(counted)",
        "print by_value(make_counted(5))",
        "print counted.copies",
        "print vector",
        "print vector.scaled(vector, 9)",
        "print second->second()",
        "print Counted::~Counted",
    )
    commands = ("break look", "c", "up", *asked, "delete", "c")
    ours = debug(cplusplus("O0", *KEEP, name="objects"), commands)
    theirs = debug_natively(cplusplus("O0", native=True, name="objects"), commands)
    for command in asked:
        assert plain(ours[command]) == plain(theirs[command]), command
    assert plain(ours["print sum_of(vector + vector)"]) == "$2 = 6"
    assert "exited normally" in ours["c"]


def test_functions_of_rust_with_slices_and_strings() -> None:
    call = "print languages::total(numbers, name, extra, boxed, pair)"
    commands = ("tbreak languages::total", "c", call, "print name", "finish")
    ours, theirs = debug(rust("O0"), commands), debug_natively(rust("O0", native=True), commands)
    for command in (call, "print name"):
        assert plain(ours[command]) == plain(theirs[command]), command
