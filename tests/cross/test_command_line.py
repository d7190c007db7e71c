"""The command line's `--machine`: the same program, output and exit status on each."""

from pathlib import Path

import pytest

from gdbstub.cli import main
from gdbstub.views.common.program import MACHINES
from tests.cross.lab import binary

PROGRAM = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "_start") (call $exit (call $fib (i32.const 10)))))"""


@pytest.mark.parametrize("machine", MACHINES)
def test_run_on_each_machine(machine: str, tmp_path: Path) -> None:
    program = tmp_path / "fib.wasm"
    program.write_bytes(binary(PROGRAM))
    assert main(["run", "--machine", machine, str(program)]) == 55
