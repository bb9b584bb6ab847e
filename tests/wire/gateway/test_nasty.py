"""What well-behaved clients never do, and what they do rarely."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import ssl
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from lakeport_local.gateway import Gateway, Limits, Routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.wire.gateway.conftest import Start, World

STORAGE = "lake.blob.core.windows.net"


class Peer:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: str | bytes) -> None:
        self.writer.write(data.encode("latin-1") if isinstance(data, str) else data)

    async def head(self) -> tuple[int, dict[str, str]]:
        block = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = block.split("\r\n")[:-2]
        return int(first.split(" ")[1]), {
            name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
        }

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        status, fields = await self.head()
        return status, fields, await self.reader.readexactly(int(fields.get("content-length", 0)))

    async def rest(self) -> bytes:
        return await self.reader.read()


@contextlib.asynccontextmanager
async def peer(world: World, *, tls: str | None = None, limit: int = 1 << 16) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", world.port, limit=limit, ssl=world.trust() if tls else None, server_hostname=tls
    )
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the other side does in its own time."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  what is awaited is the other side's own doing
            await asyncio.sleep(0.002)


def get(path: str, more: str = "", host: str = STORAGE) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"


def put(path: str, body: str, more: str = "") -> str:
    return f"PUT {path} HTTP/1.1\r\nHost: {STORAGE}\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}"


# TLS where the bytes fall badly.


class RawTls:
    """A TLS client whose bytes the test sends as it likes."""

    def __init__(self, world: World, name: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = world.trust().wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def step(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


@pytest.mark.parametrize("piece_bytes", [1, 7, 100_000])
async def test_tls_begins_in_the_segment_of_the_connect_or_anywhere(world: World, piece_bytes: int) -> None:
    inner = RawTls(world, STORAGE)
    inner.step()
    opening = f"CONNECT {STORAGE}:443 HTTP/1.1\r\nHost: {STORAGE}:443\r\n\r\n".encode() + inner.outgoing.read()
    async with peer(world) as raw:
        for start in range(0, len(opening), piece_bytes):
            raw.send(opening[start : start + piece_bytes])
            await asyncio.sleep(0)
        assert (await raw.head())[0] == 200
        while not inner.step():
            raw.send(inner.outgoing.read())
            inner.incoming.write(await raw.reader.read(1 << 16))
        inner.tls.write(get("/inside").encode())
        raw.send(inner.outgoing.read())
        answer = b""
        while b"/inside" not in answer:
            inner.incoming.write(await raw.reader.read(1 << 16))
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    answer += inner.tls.read(1 << 16)
    assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_of_tls_agree_on_http(world: World, version: ssl.TLSVersion) -> None:
    context = world.trust()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", world.port, ssl=context, server_hostname="management.azure.com"
    )
    chosen = writer.get_extra_info("ssl_object")
    assert (chosen.version(), chosen.selected_alpn_protocol()) == (version.name.replace("_", "."), "http/1.1")
    writer.write(get("/", host="management.azure.com").encode())
    assert (await Peer(reader, writer).answer())[0] == 200
    writer.close()
    await writer.wait_closed()


async def test_a_foreign_name_gets_an_alert(world: World) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        await asyncio.open_connection("127.0.0.1", world.port, ssl=world.trust(), server_hostname="example.com")


@pytest.mark.parametrize("garbage", [b"\x00\x01\x02", b"\x16garbage that is no TLS at all, long enough to be judged"])
async def test_what_is_no_protocol_is_closed(world: World, garbage: bytes) -> None:
    async with peer(world) as raw:
        raw.send(garbage)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in await raw.rest()


# Requests one after the other.


@pytest.mark.parametrize("tls", [None, STORAGE])
async def test_pipelined_requests_are_answered_in_order(world: World, tls: str | None) -> None:
    async with peer(world, tls=tls) as raw:
        raw.send(
            get("/slow/1")
            + put("/2", "body")
            + get("/zeros/300000")
            + get("/slow/3")
            + get("/4", "Connection: close\r\n")
        )
        assert b"/slow/1" in (await raw.answer())[2]
        assert b'"body":"body"' in (await raw.answer())[2]
        assert len((await raw.answer())[2]) == 300_000
        assert b"/slow/3" in (await raw.answer())[2]
        status, fields, body = await raw.answer()
        assert (status, fields["connection"]) == (200, "close")
        assert b"/4" in body
        assert await raw.rest() == b""


async def test_thousands_of_pipelined_requests_do_not_pile_up(world: World) -> None:
    count = 5_000
    async with peer(world) as raw:
        raw.send(get("/nothing") * count)
        for _ in range(count):
            assert (await raw.head())[0] == 204


async def test_a_head_may_come_byte_by_byte_after_an_empty_line(world: World) -> None:
    async with peer(world) as raw:
        for letter in "\r\n" + get("/drip") + "\r\n" + get("/drop"):
            raw.send(letter)
            await asyncio.sleep(0)
        assert b"/drip" in (await raw.answer())[2]
        assert b"/drop" in (await raw.answer())[2]


async def test_a_peer_that_has_sent_its_last_is_answered(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get("/slow/a") + get("/b"))
        raw.writer.write_eof()
        assert b"/slow/a" in (await raw.answer())[2]
        assert b"/b" in (await raw.answer())[2]
        assert await raw.rest() == b""


async def test_head_204_and_304_have_no_body(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get("/zeros/1000").replace("GET", "HEAD", 1) + get("/nothing") + get("/next"))
        status, fields = await raw.head()
        assert (status, fields["content-length"]) == (200, "1000")
        status, fields = await raw.head()
        assert (status, "content-length" in fields) == (204, False)
        assert b"/next" in (await raw.answer())[2]
    assert "closed" in world.log


async def test_a_head_that_cannot_be_read_after_a_head_request_is_answered_with_a_body(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get("/zeros/1000").replace("GET", "HEAD", 1) + get("/", "X-A: 1\nX-B: 2\r\n"))
        assert (await raw.head())[0] == 200
        status, _, body = await raw.answer()
        assert (status, body[:1]) == (400, b"{")
        assert await raw.rest() == b""


# Bodies.


async def test_100_continue_is_sent_and_the_body_taken(world: World) -> None:
    async with peer(world) as raw:
        raw.send(put("/hash", "", "Expect: 100-continue\r\n").replace("Length: 0", "Length: 5"))
        assert (await raw.head())[0] == 100
        raw.send("hello")
        status, _, body = await raw.answer()
    assert status == 201
    assert b'"size":5' in body


async def test_a_refusal_comes_instead_of_100_continue(world: World) -> None:
    async with peer(world) as raw:
        raw.send(put("/refused", "", "Expect: 100-continue\r\n").replace("Length: 0", "Length: 5000000"))
        status, fields, body = await raw.answer()
        assert (status, fields["connection"], fields["x-reason"], body) == (403, "close", "no", b"refused")
        assert await raw.rest() == b""


@pytest.mark.parametrize("tls", [None, STORAGE])
async def test_a_peer_that_sends_all_of_a_refused_body_can_go_on(world: World, tls: str | None) -> None:
    async with peer(world, tls=tls) as raw:
        raw.send(put("/refused", "x" * 8_000_000))
        raw.send(get("/next"))
        assert (await raw.answer())[0] == 403
        assert b"/next" in (await raw.answer())[2]


async def test_a_body_beyond_the_sinks_limit_is_refused_and_the_connection_goes_on(world: World) -> None:
    async with peer(world) as raw:
        raw.send(put("/echo", "x" * 500_000) + get("/next"))
        status, _, body = await raw.answer()
        assert (status, b"RequestBodyTooLarge" in body) == (413, True)
        assert b"/next" in (await raw.answer())[2]


@pytest.mark.parametrize("tls", [None, STORAGE])
async def test_a_chunked_body_is_taken(world: World, tls: str | None) -> None:
    async with peer(world, tls=tls) as raw:
        raw.send(f"PUT /hash HTTP/1.1\r\nHost: {STORAGE}\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            raw.send(b"4e20\r\n" + bytes(20_000) + b"\r\n")
        raw.send("0\r\n\r\n" + get("/next"))
        assert b'"size":400000' in (await raw.answer())[2]
        assert b"/next" in (await raw.answer())[2]


@pytest.mark.parametrize("path", ["/hash", "/refused"])
async def test_a_broken_chunk_ends_the_connection_after_one_answer(world: World, path: str) -> None:
    async with peer(world) as raw:
        raw.send(
            f"PUT {path} HTTP/1.1\r\nHost: {STORAGE}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWikiXX"
            + get("/smuggled")
        )
        assert (await raw.answer())[0] == (400 if path == "/hash" else 403)
        assert await raw.rest() == b""


async def test_the_sink_is_aborted_when_the_peer_leaves(world: World) -> None:
    async with peer(world, tls=STORAGE) as raw:
        raw.send(put("/hash", "x" * 1000).replace("Length: 1000", "Length: 100000"))
        await raw.writer.drain()
    await until(lambda: world.log == ["aborted"])


@pytest.mark.parametrize("tls", [None, STORAGE])
async def test_the_source_is_closed_when_the_peer_leaves(world: World, tls: str | None) -> None:
    async with peer(world, tls=tls) as raw:
        raw.send(get("/zeros/1000000000"))
        await raw.head()
        raw.writer.transport.abort()
    await until(lambda: world.log == ["closed"])


async def test_a_source_that_fails_cuts_the_connection(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get("/broken") + get("/next"))
        status, fields = await raw.head()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await raw.reader.readexactly(int(fields["content-length"]))
    assert status == 200
    assert world.log == ["closed"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_body_of_unknown_size_ends_where_it_ends(world: World, version: str) -> None:
    async with peer(world) as raw:
        raw.send(get("/unsized/600000", "Connection: close\r\n").replace("1.1", version))
        _, fields = await raw.head()
        body = await raw.rest()
    assert fields.get("transfer-encoding") == ("chunked" if version == "1.1" else None)
    assert body.count(b"\0") == 600_000
    assert body.endswith(b"\r\n0\r\n\r\n") == (version == "1.1")


@pytest.mark.parametrize("tls", [None, STORAGE])
async def test_large_downloads_to_slow_peers_take_little_memory(world: World, tls: str | None) -> None:
    size = 64 << 20

    async def download(raw: Peer) -> int:
        _, fields = await raw.head()
        left = int(fields["content-length"])
        while left:
            left -= len(await raw.reader.read(1 << 20))
        return int(fields["content-length"])

    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(peer(world, tls=tls)) for _ in range(3)]
        tracemalloc.start()
        try:
            for raw in peers:
                raw.send(get(f"/zeros/{size}"))
            assert await asyncio.gather(*(download(raw) for raw in peers)) == [size] * 3
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 12 << 20
    assert world.log == ["closed"] * 3


# Handlers that fail.


async def test_an_escaped_refusal_is_plain_json(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get("/service-error"))
        status, fields, body = await raw.answer()
    assert (status, fields["x-more"]) == (409, "1")
    assert body == b'{"error":{"code":"Conflict","message":"It is there already."}}'


@pytest.mark.parametrize("path", ["/bug", "/split"])
async def test_a_failure_is_a_bare_500_and_logged_without_what_was_sent(
    world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with peer(world) as raw:
            raw.send(get(f"{path}?sig=hidden", "Authorization: Bearer hidden\r\n") + get("/next"))
            status, fields, body = await raw.answer()
            assert b"/next" in (await raw.answer())[2]
    assert (status, body) == (500, b"")
    assert "set-cookie" not in fields
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert "hidden" not in caplog.text
    if path == "/bug":
        assert fields["x-ms-request-id"] in caplog.text


async def test_a_handler_finishes_though_the_peer_has_left(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with peer(world) as raw:
        raw.send(get("/held/a"))
        await until(lambda: world.log == ["held"])
        raw.writer.transport.abort()
    world.let_go()
    await until(lambda: world.log == ["held", "handled"])
    assert not caplog.records


# Where requests may go.


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        pytest.param(get("/metadata", host="169.254.169.254"), 200, id="origin form by Host"),
        pytest.param(get("/", host="example.com"), 421, id="origin form of a foreign host"),
        pytest.param(get("/secrets/a", host="v.vault.azure.net"), 404, id="a service that is absent"),
        pytest.param(get("*"), 400, id="a target that is none"),
        pytest.param(get("http://169.254.169.254/m", host="ignored"), 200, id="absolute form wins over Host"),
        pytest.param(get("http://127.0.0.1:1/m", host="x"), 403, id="another port of this machine"),
        pytest.param("CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", 403, id="a foreign tunnel"),
        pytest.param("CONNECT lake.dfs.core.windows.net:22 HTTP/1.1\r\nHost: x\r\n\r\n", 403, id="a foreign port"),
        pytest.param("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", 403, id="a port of this machine"),
        pytest.param("CONNECT lake.dfs.core.windows.net HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="no port"),
        pytest.param(
            "CONNECT a.dfs.core.windows.net:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 400, id="a body"
        ),
        pytest.param(get("/" + "a" * 40_000), 414, id="a long URL"),
        pytest.param(get("/", f"X-A: {'a' * 70_000}\r\n"), 431, id="a large head"),
        pytest.param(get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400, id="two framings"),
    ],
)
async def test_a_request_goes_where_it_may(world: World, request_head: str, status: int) -> None:
    async with peer(world) as raw:
        raw.send(request_head)
        assert (await raw.answer())[0] == status


async def test_a_tunnel_fixes_the_host_and_holds_no_second_tunnel(world: World) -> None:
    async with peer(world) as raw:
        raw.send(f"CONNECT {STORAGE}:80 HTTP/1.1\r\nHost: {STORAGE}:80\r\n\r\n")
        assert (await raw.head())[0] == 200
        raw.send(get("/x", host="management.azure.com"))
        assert b'"service":"storage"' in (await raw.answer())[2]
        raw.send("CONNECT management.azure.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await raw.answer())[0] == 400


async def test_a_proxied_request_for_this_gateway_itself_is_served(world: World) -> None:
    async with peer(world) as raw:
        raw.send(get(f"http://localhost:{world.port}/_lakeport/x", host="x"))
        assert b'"service":"admin"' in (await raw.answer())[2]


# Time.


async def test_a_head_that_does_not_come_is_given_up(start: Start) -> None:
    world = await start(limits=Limits(head_s=0.05, linger_s=0.05, sweep_s=0.01))
    async with peer(world) as raw:
        raw.send("GET / HTTP/1.1\r\nHost: ")
        assert (await raw.answer())[0] == 408
        assert await raw.rest() == b""


async def test_a_body_that_stops_is_given_up(start: Start) -> None:
    world = await start(limits=Limits(body_idle_s=0.05, linger_s=0.05, sweep_s=0.01))
    async with peer(world, tls=STORAGE) as raw:
        raw.send(put("/hash", "x").replace("Length: 1", "Length: 9"))
        assert (await raw.answer())[0] == 408
    await until(lambda: world.log == ["aborted"])


async def test_idle_connections_are_closed(start: Start) -> None:
    world = await start(limits=Limits(keep_alive_s=500, first_s=500))
    async with peer(world) as silent, peer(world, tls=STORAGE) as idle:
        idle.send(get("/x"))
        assert (await idle.answer())[0] == 200
        world.age(600)
        assert await idle.rest() == b""
        with contextlib.suppress(ConnectionResetError):
            assert await silent.rest() == b""


async def test_a_peer_that_takes_nothing_is_given_up(start: Start) -> None:
    world = await start(limits=Limits(stall_s=0.05, sweep_s=0.01))
    async with peer(world) as raw:
        raw.send(get("/zeros/1000000000"))
        await until(lambda: world.log == ["closed"])


async def test_a_connection_beyond_the_limit_is_closed_while_all_others_are_at_work(start: Start) -> None:
    world = await start(limits=Limits(connections=1))
    async with peer(world) as first:
        first.send(get("/held/a"))
        await until(lambda: world.log == ["held"])
        async with peer(world) as second:
            with contextlib.suppress(ConnectionResetError):
                assert await second.rest() == b""
        world.let_go()
        assert (await first.answer())[0] == 200


async def test_the_connection_that_has_been_idle_for_longest_makes_room_for_another(start: Start) -> None:
    world = await start(limits=Limits(connections=3))
    async with peer(world) as used, peer(world) as silent, peer(world) as half:
        half.send(get("/x"))
        assert (await half.answer())[0] == 200
        half.send(b"GET /x HTTP/1.1\r\n")
        await half.writer.drain()
        for _ in range(2):  # the second is heard after the half head, in whatever order these came
            used.send(get("/x"))
            assert (await used.answer())[0] == 200
        async with peer(world) as another, peer(world) as last:
            for one in (another, last, used):
                one.send(get("/x"))
                assert (await one.answer())[0] == 200
            for one in (silent, half):
                with contextlib.suppress(ConnectionResetError):
                    assert await one.rest() == b""


async def test_a_running_request_is_finished_when_the_gateway_closes(world: World) -> None:
    async with peer(world) as raw, peer(world) as idle:
        raw.send(get("/held/a"))
        await until(lambda: world.log == ["held"])
        closing = asyncio.create_task(world.gateway.close(grace_s=60))
        await asyncio.sleep(0)  # it has begun, and waits
        world.let_go()
        status, fields, _ = await raw.answer()
        assert (status, fields["connection"]) == (200, "close")
        assert await idle.rest() == b""
        raw.writer.close()
        await closing


async def test_a_port_in_use_is_an_os_error(world: World, start: Start) -> None:
    second = Gateway(Routes({}), world.authority, callers=world.callers)
    with pytest.raises(OSError, match=r"(?i)in use"):
        await second.start("127.0.0.1", world.port)
    await second.close()


# Pass-through.


@contextlib.asynccontextmanager
async def origin() -> AsyncIterator[int]:
    """A server outside, that answers each line with itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(b"got " + line)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_pass_through_relays_a_tunnel_byte_for_byte(start: Start) -> None:
    world = await start(pass_through=True, reachable=lambda address: address == "127.0.0.1")
    async with origin() as port, peer(world) as raw:
        raw.send(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\nearly\n")
        assert (await raw.head())[0] == 200
        assert await raw.reader.readline() == b"got early\n"
        raw.send(b"\x16\x03 later\n" * 3)
        raw.writer.write_eof()
        assert await raw.rest() == b"got \x16\x03 later\n" * 3


async def test_pass_through_hands_on_a_plain_request_without_the_proxys_fields(start: Start) -> None:
    world = await start(pass_through=True, reachable=lambda address: True)
    credential = "Proxy-Authorization: Basic " + base64.b64encode(f"u:{world.callers.token('u')}".encode()).decode()
    async with origin() as port, peer(world) as raw:
        raw.send(get(f"http://127.0.0.1:{port}/a?b", f"{credential}\r\nX-A: 1\r\n", host="x"))
        raw.writer.write_eof()
        seen = (await raw.rest()).decode().replace("got ", "")
    assert seen == "GET /a?b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nconnection: close\r\n\r\n"


async def test_pass_through_never_reaches_this_machine_or_azures_names(start: Start) -> None:
    world = await start(pass_through=True)
    async with origin() as port:
        for target in (f"127.0.0.1:{port}", f"localhost:{port}", "lake.queue.core.windows.net:443", f"{STORAGE}:22"):
            async with peer(world) as raw:
                raw.send(f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await raw.answer())[0] == 403
