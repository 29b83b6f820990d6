"""A TLS front and a CONNECT proxy for the sandbox server, and the private authority that signs its certificate."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Authority:
    """Files of a certificate authority that nobody knows, and of one server that it vouches for."""

    roots: Path
    chain: Path


def make_authority(folder: Path, host: str = "127.0.0.1") -> Authority:
    """A fresh authority, and a certificate for `host`."""
    root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an organisation's own authority")])
    root = _certificate(root_name, root_name, root_key.public_key(), root_key, authority=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    server = _certificate(name, root_name, server_key.public_key(), root_key, host=host)
    made = Authority(folder / "roots.pem", folder / "server.pem")
    made.roots.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.chain.write_bytes(key + server.public_bytes(serialization.Encoding.PEM))
    return made


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    host: str | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if authority:
        usage = {name: name in {"key_cert_sign", "crl_sign"} for name in _USAGES}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
    return builder.sign(signer, hashes.SHA256())


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@contextmanager
def _served(handle: Handle, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server in a thread of its own; yields its port."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []
    stop = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        # Transports end in the turn after they were aborted.
        await asyncio.sleep(0.01)

    def serve() -> None:
        loop.set_exception_handler(lambda _loop, _context: None)  # clients that refuse our certificate are expected
        loop.run_until_complete(main())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.close()
    except asyncio.CancelledError:
        writer.transport.abort()
        raise


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    onward = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_pump(reader, onward[1]), _pump(onward[0], writer))


@contextmanager
def tls_front(port: int, authority: Authority) -> Iterator[str]:
    """`https://…` in front of a plain server on `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, port)

    with _served(handle, context) as front:
        yield f"https://127.0.0.1:{front}"


@dataclass
class Proxy:
    """A CONNECT proxy that may demand a password; `asked` are the places that were asked for."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    refused: int = 0


@contextmanager
def connect_proxy(*, credentials: bytes | None = None) -> Iterator[Proxy]:
    """A proxy; `credentials` is the value of the Proxy-Authorization header that it demands."""
    proxy = Proxy()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, place, _ = head.split(b" ", 2)
        if method != b"CONNECT" or (credentials is not None and credentials not in head):
            proxy.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        proxy.asked.append(place.decode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(reader, writer, int(place.rpartition(b":")[2]))

    with _served(handle) as port:
        proxy.port = port
        yield proxy
