"""The counting of packets between a client and a server."""

import socket
from threading import Thread

from bench.packets import Proxy, Traffic


def test_traffic_is_told_by_act() -> None:
    assert Traffic(10, 300) - Traffic(4, 100) == Traffic(6, 200)
    assert Traffic(10, 301).each(4) == Traffic(2.5, 75.2)


def test_a_proxy_passes_all_on_and_counts_both_ways() -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(100):
                connection.sendall(b"+" + data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, args=(listener,), daemon=True).start()
        proxy = Proxy(listener.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"$g#67")
            answer = b""
            while len(answer) < 6:
                answer += client.recv(100)
        proxy.close()
    assert answer == b"+$g#67"
    assert proxy.traffic() == Traffic(2, 11)
