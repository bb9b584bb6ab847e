"""Chunked bodies, in pieces of any size."""

from __future__ import annotations

import pytest

from lakeport_local.gateway.chunks import BadChunk, ChunkDecoder

WHOLE = b"4\r\nWiki\r\n6;name=value\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Trailer: 1\r\n\r\n"


def decode(data: bytes, piece_bytes: int) -> tuple[bytes, bytes]:
    """Return the body, and what was left over after its end."""
    decoder = ChunkDecoder()
    body = b""
    rest = data
    while rest and not decoder.done:
        consumed, part = decoder.take(memoryview(rest[:piece_bytes]))
        assert consumed > 0
        body += part
        rest = rest[consumed:]
    assert decoder.done
    return body, rest


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5, 7, 1000])
def test_the_body_comes_out_however_it_is_cut(piece_bytes: int) -> None:
    assert decode(WHOLE + b"GET /next", piece_bytes) == (b"Wikipedia in \r\n\r\nchunks.", b"GET /next")


def test_an_empty_body_has_one_chunk() -> None:
    assert decode(b"0\r\n\r\n", 1) == (b"", b"")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\r\n", id="no size"),
        pytest.param(b"g\r\n", id="not hexadecimal"),
        pytest.param(b"0x4\r\nWiki\r\n", id="a prefix"),
        pytest.param(b"-4\r\nWiki\r\n", id="a sign"),
        pytest.param(b" 4\r\nWiki\r\n", id="a space before"),
        pytest.param(b"4_0\r\nWiki\r\n", id="an underscore"),
        pytest.param(b"4\nWiki\r\n", id="a bare line feed after the size"),
        pytest.param(b"4;a\rb\r\nWiki\r\n", id="a carriage return in an extension"),
        pytest.param(b"4\r\nWikiX\r\n", id="data beyond the size"),
        pytest.param(b"4\r\nWiki\n0\r\n\r\n", id="a bare line feed after the data"),
        pytest.param(b"ffffffffffffffffffff\r\n", id="a size beyond 64 bits"),
        pytest.param(b"4;" + b"a" * 5000 + b"\r\n", id="a long extension"),
        pytest.param(b"0\r\nX: 1\n\r\n", id="a bare line feed in the trailer"),
        pytest.param(b"0\r\nX: 1\r\n folded\r\n\r\n", id="a folded trailer"),
        pytest.param(b"0\r\n" + b"X: 1\r\n" * 4000 + b"\r\n", id="a long trailer"),
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 10_000])
def test_what_is_not_chunked_is_refused(data: bytes, piece_bytes: int) -> None:
    with pytest.raises(BadChunk):
        decode(data, piece_bytes)
