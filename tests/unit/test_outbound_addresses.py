"""Where may be sent to: the internet by https, and what the operator put on the list."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline import outbound_addresses
from hookline.outbound_addresses import AddressBook, AddressRefused, AllowList, is_public, parse

PUBLIC = "93.184.216.34"


def _book(*allowed: str, leads_to: list[str] | None = None) -> AddressBook:
    return AddressBook(AllowList(allowed), lambda _host, _port: [PUBLIC] if leads_to is None else leads_to)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001:0:0:0:0:0:80ff:fffe",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
    ],
)
def test_what_is_not_the_internet_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused, match="private network"):
        _book().check(f"https://{host}/")
    book = _book(leads_to=[address])
    with pytest.raises(AddressRefused, match="private network"):
        book.locate(book.check("https://hooks.example/"))


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:2800:220:1::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"])
def test_the_internet_is_sent_to(address: str) -> None:
    book = _book(leads_to=[address])
    assert book.locate(book.check("https://hooks.example/")) == [str(ipaddress.ip_address(address))]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    book = _book(leads_to=[PUBLIC, "10.0.0.1"])
    with pytest.raises(AddressRefused, match="private network"):
        book.locate(book.check("https://hooks.example/"))


def test_a_name_that_leads_nowhere_is_an_error() -> None:
    book = _book(leads_to=[])
    with pytest.raises(OSError, match="nowhere"):
        book.locate(book.check("https://hooks.example/"))


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
def test_other_spellings_of_this_machine_are_found_out_when_they_are_looked_up(host: str) -> None:
    # What the system's look-up makes of them; "localhost" it is really asked for.
    meant = outbound_addresses.resolve(host, 443) if host == "localhost" else [socket.inet_ntoa(socket.inet_aton(host))]
    book = _book(leads_to=meant)
    with pytest.raises(AddressRefused, match="private network"):
        book.locate(book.check(f"https://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://",
        "https:///path",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://hooks.example\\@10.0.0.1/",
        "https://hooks.example /",
        "https://hooks.example/\r\nX: y",
        "https://hoóks.example/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://hooks.example/" + "x" * 500,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse(url)


@pytest.mark.parametrize("url", ["https://user@hooks.example/", "https://user:secret@hooks.example/"])
def test_an_address_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match="password"):
        parse(url)


def test_http_is_refused_where_the_host_is_not_on_the_list() -> None:
    with pytest.raises(AddressRefused, match="http:"):
        _book().check("http://hooks.example/")
    assert _book("hooks.example").check("http://hooks.example/").port == 80


@pytest.mark.parametrize(
    ("entry", "url", "leads_to"),
    [
        ("crm.internal", "http://crm.internal/", "10.0.0.9"),
        ("CRM.internal:9000", "http://crm.internal:9000/", "10.0.0.9"),
        ("10.0.0.0/24", "http://crm.internal/", "10.0.0.9"),
        ("10.0.0.0/24", "http://10.0.0.9/", "10.0.0.9"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/", "127.0.0.1"),
        ("[::1]:9000", "http://[::1]:9000/", "::1"),
        ("::1", "http://[::1]:9000/", "::1"),
    ],
)
def test_what_is_on_the_list_may_be_private_and_without_tls(entry: str, url: str, leads_to: str) -> None:
    book = _book(entry, leads_to=[leads_to])
    assert book.locate(book.check(url)) == [leads_to]


@pytest.mark.parametrize(
    ("entry", "url", "leads_to"),
    [
        ("crm.internal:9000", "https://crm.internal:9001/", "10.0.0.9"),
        ("crm.internal", "https://other.internal/", "10.0.0.9"),
        ("10.0.0.0/24", "https://crm.internal/", "10.0.1.9"),
        ("10.0.0.0/24", "http://crm.internal/", PUBLIC),
        ("127.0.0.1:9000", "https://127.0.0.1:22/", "127.0.0.1"),
    ],
)
def test_the_list_lets_through_what_it_names_and_nothing_else(entry: str, url: str, leads_to: str) -> None:
    book = _book(entry, leads_to=[leads_to])
    with pytest.raises(AddressRefused):
        book.locate(book.check(url))


@pytest.mark.parametrize("entry", ["host:port", "a:b:c", ":80"])
def test_an_entry_that_names_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        AllowList([entry])


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_counts_as_what_it_is(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.ip_address(f"::ffff:{address}")
    translated = ipaddress.ip_address(int(ipaddress.ip_address("64:ff9b::")) + int(address))
    tunnelled = ipaddress.ip_address((0x2002 << 112) | (int(address) << 80))
    assert {is_public(mapped), is_public(translated), is_public(tunnelled)} == {is_public(address)}


@given(st.text(max_size=60))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        target = parse(f"https://{text}")
    except AddressRefused:
        return
    assert target.host
    assert target.path.startswith("/")
    assert not set(target.path + target.host_header) & set("\r\n \\")
