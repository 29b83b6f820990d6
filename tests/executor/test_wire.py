"""The lean HTTP client against answers that are split, chunked, cut, or no HTTP at all."""

import asyncio
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.wire import Wire, WireAnswer, WireError

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


def answered(*pieces: bytes, close: bool = False, requests: int = 1) -> list[WireAnswer]:
    """What the client makes of these bytes, sent one piece at a time for each request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=serve, args=(listener, pieces, close), daemon=True)
        thread.start()
        try:
            return asyncio.run(ask(f"http://127.0.0.1:{listener.getsockname()[1]}", requests))
        finally:
            # One more connection that says nothing tells the server that we are done.
            socket.create_connection(listener.getsockname()).close()
            thread.join(10)


def serve(listener: socket.socket, pieces: tuple[bytes, ...], close: bool) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        served = 0
        with connection:
            while connection.recv(4096):
                for piece in pieces:
                    connection.sendall(piece)
                served += 1
                if close:
                    break
        if not served:
            return


async def ask(endpoint: str, requests: int) -> list[WireAnswer]:
    wire = Wire(endpoint, connections=2)
    try:
        return [await wire.exchange(REQUEST) for _ in range(requests)]
    finally:
        await wire.close()


def test_an_answer_with_a_length_and_the_next_on_the_same_connection() -> None:
    [first, second] = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Thing:  a b \r\n\r\nhello", requests=2)

    assert (first.status, first.body, first.header("x-thing")) == (200, b"hello", "a b")
    assert second == first


def test_an_answer_without_a_body() -> None:
    [found] = answered(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert (found.status, found.body) == (204, b"")


def test_a_connection_that_closes_after_each_answer() -> None:
    found = answered(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", close=True, requests=3)

    assert [one.body for one in found] == [b"ok"] * 3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 30))
def test_chunked_answers_however_they_are_split(chunks: list[bytes], step: int) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"

    [found] = answered(*(raw[start : start + step] for start in range(0, len(raw), step)))

    assert found.body == b"".join(chunks)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhow long?",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 2",
        b"",
    ],
)
def test_what_is_cut_or_no_answer_is_an_error(raw: bytes) -> None:
    with pytest.raises(WireError):
        answered(raw, close=True)


def test_nobody_there() -> None:
    with pytest.raises(WireError):
        asyncio.run(ask("http://127.0.0.1:1", 1))
