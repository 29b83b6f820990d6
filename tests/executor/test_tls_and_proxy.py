"""TLS with an organisation's own authority, and the way through a proxy, by the whole command."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.errors import StorageError
from executor.reading import Selection
from executor.results import RunResult
from executor_bench import Bench
from hand_made_plan import SOURCE, move, plan_of, write_approved
from tls_relay import Authority, connect_proxy, make_authority, tls_front

TARGET = "cold-archive-bucket-dev"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture
def secure(bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server behind TLS, as STORAGE_EMULATOR_HOST; no proxy of this machine interferes."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    bench.seed(*[f"archives/{number}" for number in range(40)])
    write_approved(plan_of([move("archives", source_path="archives/", target_bucket=TARGET)]), bench.plan)
    with tls_front(bench.server.port, authority) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        yield address


def verified(result: RunResult) -> int:
    assert result.exit_code == 0, result
    return result.moves[0].verified


@pytest.mark.usefixtures("secure")
def test_an_authority_of_ones_own_is_believed_where_ssl_cert_file_names_it(
    bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))

    assert verified(bench.execute()) == 40


@pytest.mark.parametrize("proxied", [False, True])
def test_a_certificate_that_cannot_be_trusted_is_refused_at_once_with_the_way_out(
    bench: Bench, secure: str, monkeypatch: pytest.MonkeyPatch, proxied: bool
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with connect_proxy() as proxy:
        if proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(StorageError) as refusal:
            bench.execute(Selection(dry_run=True))

    said = str(refusal.value)
    assert "certificate" in said
    assert secure.removeprefix("https://") in said
    assert "SSL_CERT_FILE" in said
    assert refusal.value.attempts == 1
    assert bench.server.control("GET", "stats")["calls"].get("objects.list", 0) == 0


@pytest.mark.parametrize("password", ["", "user:secret@"])
def test_a_proxy_is_gone_through(
    bench: Bench, secure: str, authority: Authority, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    wanted = base64.b64encode(b"user:secret") if password else None
    with connect_proxy(credentials=wanted) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{password}127.0.0.1:{proxy.port}")
        assert verified(bench.execute()) == 40

    assert set(proxy.asked) == {secure.removeprefix("https://")}
    assert len(bench.objects(TARGET)) == len(bench.objects(SOURCE)) == 40


@pytest.mark.usefixtures("secure")
def test_a_proxy_that_refuses_is_named_without_its_password(
    bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    with connect_proxy(credentials=b"something else") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{proxy.port}")
        with pytest.raises(StorageError) as refusal:
            bench.execute(Selection(dry_run=True))

    assert proxy.refused
    assert "proxy" in str(refusal.value).lower()
    assert "secret" not in str(refusal.value)


@pytest.mark.usefixtures("secure")
def test_no_proxy_goes_straight(bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    with connect_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert verified(bench.execute()) == 40

    assert proxy.asked == []
