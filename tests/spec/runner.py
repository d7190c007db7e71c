"""Run one script of the suite on an engine whose API has the names of the `wasmtime` package.

A command is passed, failed (with a reason) or skipped (with a reason).  In a mixed script the commands
that need a refused module are skipped, and the refusal itself is checked.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.spec.scripts import Command, module_bytes
from tests.spec.values import BITS_OF, WIDTH, argument, float_bits, matches, wrapper_module

TRAP_CODES = {
    "unreachable": "UNREACHABLE",
    "integer divide by zero": "INTEGER_DIVISION_BY_ZERO",
    "integer overflow": "INTEGER_OVERFLOW",
    "invalid conversion to integer": "BAD_CONVERSION_TO_INTEGER",
    "out of bounds memory access": "MEMORY_OUT_OF_BOUNDS",
    "out of bounds table access": "TABLE_OUT_OF_BOUNDS",
    "undefined element": "TABLE_OUT_OF_BOUNDS",
    "uninitialized element": "INDIRECT_CALL_TO_NULL",
    "uninitialized element 2": "INDIRECT_CALL_TO_NULL",
    "indirect call type mismatch": "BAD_SIGNATURE",
    "call stack exhausted": "STACK_OVERFLOW",
}


class Failure(Exception):
    """A command did not do what the suite says."""


class Skip(Exception):
    """A command cannot be run; the message says why, in words that can be counted."""


class Outcome(NamedTuple):
    """How one command ended: `reason` is None when it passed."""

    number: int
    line: int
    kind: str
    skipped: bool
    reason: str | None


@dataclass(frozen=True)
class Engine:
    """An engine to run scripts on: its API, and how to make a configuration and a store of it.

    `api` is a module with the names of the `wasmtime` package.  `prepare` is called with each new
    store; an engine that is to run with breakpoints everywhere sees to it there.
    """

    name: str
    api: Any
    configure: Callable[[], Any]
    prepare: Callable[[Any], None] = lambda store: None


@dataclass
class Runner:
    """The state of a script: one store, the instances it has made, and what is registered."""

    engine: Engine
    refused: frozenset[int]
    named: dict[str, Any] = field(default_factory=dict)
    current: Any = None
    definitions: dict[str, Any] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.api = self.engine.api
        self.compiler = self.api.Engine(self.engine.configure())
        self.store = self.api.Store(self.compiler)
        self.engine.prepare(self.store)
        self.linker = self.api.Linker(self.compiler)
        self.linker.allow_shadowing = True
        self.wrappers: dict[tuple[tuple[str, ...], tuple[str, ...]], Any] = {}
        self.wrapped: dict[tuple[int, str], tuple[Any, int]] = {}
        self.made: list[Any] = []  # all instances: their ids are keys, so they must live on
        define_spectest(self.api, self.store, self.linker)

    def run(self, commands: Sequence[Command]) -> Iterator[Outcome]:
        """Run all commands in order, whatever becomes of each."""
        for index, command in enumerate(commands):
            kind = command["type"]
            skipped, reason = False, None
            try:
                HANDLERS[kind](self, index, command)
            except Skip as skip:
                skipped, reason = True, str(skip)
            except Failure as failure:
                reason = str(failure)
            except (self.api.WasmtimeError, self.api.Trap) as error:
                reason = f"{type(error).__name__}: {error}"
            yield Outcome(index, command["line"], kind, skipped, reason)

    # modules

    def compile(self, index: int, command: Command) -> Any:
        """Compile a command's module, or see that it is refused where that is listed."""
        if index in self.refused:
            try:
                self.api.Module(self.compiler, module_bytes(command))
            except self.api.WasmtimeError:
                raise Skip("uses a feature that is off") from None
            raise Failure("accepted, though it uses a feature that is off")
        return self.api.Module(self.compiler, module_bytes(command))

    def instantiate(self, module: Any) -> Any:
        """Instantiate a module with what is registered."""
        if any(item.module in self.poisoned for item in module.imports):
            raise Skip("imports from a module that was refused")
        return self.linker.instantiate(self.store, module)

    def module(self, index: int, command: Command) -> None:
        """Do `module`: compile it, and instantiate it unless it is only a definition."""
        name = command.get("name")
        if not command.get("definition"):
            self.current = None
            self.named.pop(name or "", None)
        module = self.compile(index, command)
        if command.get("definition"):
            self.definitions[name or ""] = module
        else:
            self.keep(name, self.instantiate(module))

    def module_instance(self, index: int, command: Command) -> None:
        """Do `module_instance`: instantiate a definition."""
        definition = self.definitions.get(command.get("definition_name") or "")
        if definition is None:
            raise Skip("its module was refused")
        self.keep(command.get("name"), self.instantiate(definition))

    def keep(self, name: str | None, instance: Any) -> None:
        """Make an instance the current one, by name too if it has one."""
        self.made.append(instance)
        self.current = instance
        if name is not None:
            self.named[name] = instance

    def register(self, index: int, command: Command) -> None:
        """Do `register`: let later modules import from an instance."""
        alias = command["as"]
        try:
            instance = self.instance(command.get("name"))
        except Skip:
            self.poisoned.add(alias)
            raise
        self.poisoned.discard(alias)
        self.linker.define_instance(self.store, alias, instance)

    def instance(self, name: str | None) -> Any:
        """Give the instance named, or the current one."""
        instance = self.current if name is None else self.named.get(name)
        if instance is None:
            raise Skip("its module was refused")
        return instance

    # actions

    def act(self, command: Command) -> list[Any]:
        """Run an action and give its results, floats as their bits."""
        action = command["action"]
        instance = self.instance(action.get("module"))
        exports = instance.exports(self.store)
        name = action["field"]
        if action["type"] == "get":
            item = exports[name]
            kind = str(item.type(self.store).content)
            value = item.value(self.store)
            return [float_bits(kind, value) if kind in BITS_OF else value]
        function, count = self.callable(instance, name, exports[name])
        found = function(self.store, *map(argument, action["args"]))
        return [] if count == 0 else [found] if count == 1 else list(found)

    def callable(self, instance: Any, name: str, function: Any) -> tuple[Any, int]:
        """Give a function to call with bits, and the number of its results."""
        key = (id(instance), name)
        if key not in self.wrapped:
            kind = function.type(self.store)
            params, results = tuple(map(str, kind.params)), tuple(map(str, kind.results))
            if any(name in BITS_OF for name in (*params, *results)):
                function = self.wrap(function, params, results)
            self.wrapped[key] = (function, len(results))
        return self.wrapped[key]

    def wrap(self, function: Any, params: tuple[str, ...], results: tuple[str, ...]) -> Any:
        """Put the module of `values.wrapper_module` around a function."""
        key = (params, results)
        if key not in self.wrappers:
            self.wrappers[key] = self.api.Module(self.compiler, wrapper_module(params, results))
        wrapper = self.api.Instance(self.store, self.wrappers[key], [function])
        return wrapper.exports(self.store)["g"]

    def action(self, index: int, command: Command) -> None:
        """Do `action`: run it, results are not looked at."""
        self.act(command)

    # assertions

    def assert_return(self, index: int, command: Command) -> None:
        """Do `assert_return`: compare the results."""
        actual = self.act(command)
        expected = command["expected"]
        if len(actual) != len(expected):
            raise Failure(f"{len(actual)} results, expected {len(expected)}")
        for wanted, got in zip(expected, actual, strict=True):
            if not matches(wanted, got):
                raise Failure(f"got {show(wanted, got)}, expected {wanted}")

    def assert_trap(self, index: int, command: Command) -> None:
        """Do `assert_trap` and `assert_exhaustion`: the right trap, by its code."""
        try:
            actual = self.act(command)
        except self.api.Trap as trap:
            self.check_trap(trap, command["text"])
        else:
            raise Failure(f"returned {actual}, expected a trap: {command['text']}")

    def check_trap(self, trap: Any, text: str) -> None:
        """Compare a trap with the suite's words for it."""
        wanted = TRAP_CODES[text]
        code = trap.trap_code
        if code is None or code.name != wanted:
            raise Failure(f"trap {code}, expected {wanted} ({text})")

    def assert_refused(self, index: int, command: Command) -> None:
        """Do `assert_invalid` and `assert_malformed`: compiling fails."""
        if "wasm" not in command:
            raise Skip("malformed text")
        try:
            self.api.Module(self.compiler, module_bytes(command))
        except self.api.WasmtimeError:
            return
        raise Failure(f"accepted, expected {command['text']}")

    def assert_unlinkable(self, index: int, command: Command) -> None:
        """Do `assert_unlinkable`: it compiles, but its imports do not fit."""
        module = self.compile(index, command)
        try:
            self.instantiate(module)
        except self.api.WasmtimeError:
            return
        raise Failure(f"linked, expected {command['text']}")

    def assert_uninstantiable(self, index: int, command: Command) -> None:
        """Do `assert_uninstantiable`: it links, then traps."""
        module = self.compile(index, command)
        try:
            self.instantiate(module)
        except self.api.Trap as trap:
            self.check_trap(trap, command["text"])
        else:
            raise Failure(f"instantiated, expected {command['text']}")


HANDLERS: dict[str, Callable[[Runner, int, Command], None]] = {
    "module": Runner.module,
    "module_instance": Runner.module_instance,
    "register": Runner.register,
    "action": Runner.action,
    "assert_return": Runner.assert_return,
    "assert_trap": Runner.assert_trap,
    "assert_exhaustion": Runner.assert_trap,
    "assert_invalid": Runner.assert_refused,
    "assert_malformed": Runner.assert_refused,
    "assert_unlinkable": Runner.assert_unlinkable,
    "assert_uninstantiable": Runner.assert_uninstantiable,
}


def show(wanted: Any, got: Any) -> str:
    """Write a result the way the suite writes the one expected."""
    if wanted["type"] in WIDTH and isinstance(got, int):
        return str(got & ((1 << WIDTH[wanted["type"]]) - 1))
    return repr(got)


def define_spectest(api: Any, store: Any, linker: Any) -> None:
    """Define the module `spectest` that scripts import from; its functions do nothing."""
    types = {name: getattr(api.ValType, name)() for name in ("i32", "i64", "f32", "f64")}

    def nothing(*args: Any) -> None:
        return None

    signatures = {
        "print": (),
        "print_i32": ("i32",),
        "print_i64": ("i64",),
        "print_f32": ("f32",),
        "print_f64": ("f64",),
        "print_i32_f32": ("i32", "f32"),
        "print_f64_f64": ("f64", "f64"),
    }
    for name, params in signatures.items():
        kind = api.FuncType([types[param] for param in params], [])
        linker.define(store, "spectest", name, api.Func(store, kind, nothing))
    for name, value in (("i32", 666), ("i64", 666), ("f32", 666.6), ("f64", 666.6)):
        content = getattr(api.Val, name)(value)
        item = api.Global(store, api.GlobalType(types[name], False), content)
        linker.define(store, "spectest", f"global_{name}", item)
    table = api.TableType(api.ValType.funcref(), api.Limits(10, 20))
    linker.define(store, "spectest", "table", api.Table(store, table, None))
    memory = api.MemoryType(api.Limits(1, 2))
    linker.define(store, "spectest", "memory", api.Memory(store, memory))


def count(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Count the skipped commands by reason."""
    return Counter(outcome.reason or "" for outcome in outcomes if outcome.skipped)
