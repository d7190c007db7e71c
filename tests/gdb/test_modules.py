"""Programs of two modules with a memory each in stock gdb, beside a native twin that has all in one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.gdb.session import Gdb, Results, plain, serving, serving_natively
from tests.guests.modules import native_two, two_modules

HOST = ("-iex", "set breakpoint condition-evaluation host")
SHIPPED = ("shop", "ledger")


def debug_two(
    commands: Sequence[str], opt: str = "O0", pair: tuple[str, str] = ("modules", "store")
) -> Results:
    """Run a session with both modules."""
    guest, preloads = two_modules(opt, *pair)
    with serving(guest, options=preloads) as server:
        server.end_input()
        return Gdb(server.port, commands).results()


def debug_twin(commands: Sequence[str], opt: str = "O0") -> Results:
    """Run the session with the native twin of the shop."""
    with serving_natively(native_two(opt, *SHIPPED)) as server:
        server.end_input()
        return Gdb(server.port, commands, *HOST).results()


def compare(commands: Sequence[str], opt: str = "O0") -> Results:
    """Run a session of the shop with both servers; gdb says the same but for addresses."""
    ours, theirs = debug_two(commands, opt, SHIPPED), debug_twin(commands, opt)
    for (command, said), (_, wanted) in zip(ours.outputs, theirs.outputs, strict=True):
        wanted = re.sub(r" <\w+(\+\d+)?>|(?<==)\w+@entry=|(?<=process )\d+", "", wanted)
        assert plain(said).replace("(process 1)", "(process )") == plain(wanted), command
    return ours


def test_the_program_is_the_first_module() -> None:
    commands = ["break record", "c", "c", "print calls", "print marks[3]", "info proc mappings"]
    results = debug_two(commands)
    assert (results["print calls"], results["print marks[3]"]) == ("$1 = 1", "$2 = 4")
    names = re.findall(r"\S+\.wasm$|\[.*\]$", results["info proc mappings"], re.MULTILINE)
    assert names[:5] == ["[memory]", "[memory 0]", "[memory 1]", "modules.wasm", "store.wasm"]


def test_further_modules_are_shared_libraries() -> None:
    results = debug_two(["info sharedlibrary", "info line put", "info symbol total"])
    row = results["info sharedlibrary"].splitlines()[-1]
    assert re.fullmatch(r"0xe0100000  0xe010\w+  Yes         target:/wasm/store.wasm", row)
    assert re.search(r"store.c\" starts at address 0xe010\w+ <put", results["info line put"])
    assert "total in section .text of target:/wasm/store.wasm" in results["info symbol total"]
    assert "warning" not in results.connecting.replace("warning: File transfers", "")


LOOKING = (
    "break link_item",
    *("c", "bt", "info args", "info locals", "print *it", "print items[0]"),
    *("print count", "print names[1]", "ptype head", "next", "print local", "next", "next"),
    *("print *head", "print head->name", "up", "print *it", "print id", "up"),
    *("info locals", "print *who", "print who->next->name", "print label", "print count"),
    *("print head->name", "print names[0]", "down", "print count", "down", "print count"),
    *("print price", "frame 3", "info locals", "frame 0", "info args", "list", "print *it"),
    *("up 2", "print *who", "down 2", "print *it", "print it->name", "up 2", "print *who->next"),
    *("frame 0", "print it->price", "bt", "print *it", "frame 2", "bt 1", "print who->next->name"),
)


def test_each_frame_shows_its_own_modules_variables() -> None:
    compare(LOOKING)


def test_breakpoints_conditions_and_steps_in_both() -> None:
    compare(
        (
            *("break shop.c:25", "c", "step", "step", "step", "info args", "bt 2", "finish"),
            *("break sum_from if it->id == 1", "c", "bt", "print *it", "up", "print *it", "delete"),
            *("tbreak shop.c:36", "c", "print all", "print bought", "next"),
        )
    )


def test_values_returned_over_the_border() -> None:
    ours = compare(("break add_item", "c", "finish", "next", "delete", "break sum", "c", "finish"))
    assert "Value returned is $2 = 4.5" in ours.all("finish")[1]


def test_watchpoints_on_variables_of_either() -> None:
    compare(
        (
            *("break buy", "c", "delete", "watch 'ledger.c'::count", "c", "c", "delete"),
            *("watch 'shop.c'::count", "c", "print count", "delete", "c"),
        )
    )


def test_a_watched_place_stays_in_its_memory() -> None:
    """`watch -l` asks for an address alone; the guest stops in both modules meanwhile."""
    compare(
        (
            *("break link_item", "c", "watch -l it->price", "break shop.c:26", "c"),
            *("c", "print 'ledger.c'::items[0].price", "delete 1", "c"),
        )
    )


def test_writes_go_to_the_memory_shown() -> None:
    compare(
        (
            *("break sum", "c", "set var head->price = 9", "print *head", "set var count = 7"),
            *("set var head->next = &items[0]", "set var items[0].id = 12", "print *head->next"),
            *("up", "set var count = 50", "set var second.number = 8", "print second", "down"),
            *(
                "print count",
                "print items[0]",
                "finish",
                "print count",
                "next",
                "next",
                "info locals",
            ),
        )
    )


def test_calls_of_functions_of_either() -> None:
    compare(
        (
            *("break shop.c:26", "c", "print sum()", "print *item_at(0)", "print item_at(0)->name"),
            *("print add_item(3, 2.5)", "print sum()", "print *item_at(1)", "delete"),
            *("print buy(&second, 1)", "print count", "break sum_from", "print sum()", "bt 2"),
            *("info args", "delete", "finish", "bt"),
        )
    )


def test_optimized_modules() -> None:
    compare(
        (
            *("break add_item", "c", "info args", "print count", "up", "print id", "print label"),
            *("print count", "print first", "down", "delete", "tbreak sum", "c", "print *head"),
            *("print head->next->name", "print items[1].price", "print names", "up", "print count"),
        ),
        "O2",
    )


def test_pointers_to_variables_are_the_modules_own_in_its_memory() -> None:
    commands = [
        *("break sum", "c", "print &items[1]", "set var head = &items[1]", "print head"),
        *("x/1dw head", "print head == (struct item *) ((unsigned) &items[1] - 0xc4000000)"),
    ]
    results = debug_two(commands, pair=SHIPPED)
    assert re.fullmatch(r"\$1 = \(struct item \*\) 0xc4\w+ <items\+24>", results["print &items[1]"])
    assert re.fullmatch(r"\$2 = \(struct item \*\) 0x1\w{4}", results["print head"])
    assert results["x/1dw head"].endswith(":\t2")
    assert results[commands[-1]] == "$3 = 1"


def test_every_instance_has_its_machine() -> None:
    commands = [
        *("break put", "c", "print *$vmctx_store", "print $wasm_func", "print/x $wasm_pc"),
        *("up", "print *$vmctx", "print $wasm_func"),
    ]
    results = debug_two(commands)
    assert "memory = {base = 0xc4000000, size = 131072}" in results["print *$vmctx_store"]
    assert "memory = {base = 0xc0000000, size = 131072}" in results["print *$vmctx"]
    assert results.all("print $wasm_func")[0] != results.all("print $wasm_func")[1]


def test_a_memory_ends_where_it_ends() -> None:
    commands = ["break record", "c", "x/wx 0xc4020000", "x/wx 0xc8000000", "x/wx 0xdffffffc"]
    results = debug_two(commands)
    for command in commands[2:]:
        assert "Cannot access memory" in results[command]


def test_modules_without_debug_information_are_listed() -> None:
    guest, preloads = two_modules(flags=("-Wl,--strip-debug",))
    commands = ["break put", "c", "bt", "info source", "info locals", "step", "step", "up"]
    with serving(guest, options=preloads) as server:
        results = Gdb(server.port, commands).results()
    frames = results["bt"].splitlines()
    assert re.match(r"#0  put \(local0=0, local1=10\) at .*/store.wat:\d+", frames[0])
    assert re.search(r" in record \(local0=0\) at .*/modules.wat:\d+", frames[1])
    assert "store.wat" in results["info source"]
    assert "record (local0=0)" in results["up"]


@pytest.mark.parametrize("again", ["disconnect", "detach"])
def test_a_client_that_comes_back_finds_both(again: str) -> None:
    guest, preloads = two_modules()
    with serving(guest, options=preloads, once=False) as server:
        first = Gdb(server.port, ["break put", "c", "print count", again]).results()
        assert first["print count"] == "$1 = 0"
        if again == "disconnect":
            commands = [
                "bt",
                "print count",
                "info sharedlibrary",
                "break total",
                "c",
                "print count",
            ]
            second = Gdb(server.port, commands).results()
            assert "put (key=0, value=10)" in second["bt"]
            assert second.all("print count") == ["$1 = 0", "$2 = 4"]
            assert "store.wasm" in second["info sharedlibrary"]
    assert first["break put"].startswith("Breakpoint 1 at 0xe01")


def test_one_gdb_connects_twice_and_runs_again() -> None:
    guest, preloads = two_modules()
    with serving(guest, options=preloads, once=False) as server:
        commands = [
            *("break put", "c", "print count", "disconnect"),
            *(f"target extended-remote 127.0.0.1:{server.port}", "print count", "c"),
            *("print count", "run", "print count", "kill"),
        ]
        results = Gdb(server.port, commands, target="extended-remote").results()
    assert [text.split(" = ")[1] for text in results.all("print count")] == ["0", "0", "1", "0"]
