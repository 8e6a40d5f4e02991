"""The proxy in front: a Kamailio configuration that owns the public port, where Hookline meets more than a LAN.

Strangers, floods, registrations and TLS end there; cells and the listener stay on loopback behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from hookline.errors import InvalidInput
from hookline.text import N_
from hookline_telephony_sip.addresses import sip_host
from hookline_telephony_sip.errors import InvalidSipValue
from hookline_telephony_sip.phones import RegisteredPhone
from hookline_telephony_sip.trunk import Transport, Trunk

PACKAGES = ("kamailio", "kamailio-tls-modules")
PATIENCE_MILLISECONDS = 4000  # with a trunk by TCP or TLS that says nothing: then the next one is tried
DEBIAN_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
LINE_HEADER = "X-Hookline-Line"
_SOCKET = re.compile(r"([0-9.]{7,15}):([0-9]{2,5})")


@dataclass(frozen=True)
class Front:
    """`public` and `inside` are `address:port`; `listener` is the port of Hookline's own, on the inside address.

    `trunks`: all in use, with their IPv4 addresses. `certificate` and `key`: PEM files; without them there is no TLS.
    `authorities`: a PEM file with those that trunks' certificates may be from; empty: Debian's list.
    """

    public: str
    inside: str
    realm: str
    listener: int
    trunks: list[tuple[Trunk, list[str]]]
    phones: list[RegisteredPhone]
    certificate: str = ""
    key: str = ""
    authorities: str = ""

    def __post_init__(self) -> None:
        wrong = [name for name in ("public", "inside") if not _SOCKET.fullmatch(getattr(self, name))]
        try:
            sip_host(self.realm)
        except InvalidSipValue:
            wrong.append("realm")
        if wrong:
            text = N_("Write an IPv4 address and a port, like 192.0.2.10:5060; the realm is a host name.")
            raise InvalidInput(N_("The front cannot be written."), text, {name: [text] for name in wrong})
        if not self.certificate and any(trunk.transport is Transport.TLS for trunk, _ in self.trunks):
            text = N_("A trunk wants TLS: give --certificate and --key, with which the front shows itself.")
            raise InvalidInput(N_("The front cannot be written."), text, {"certificate": [text]})

    @property
    def public_tls(self) -> str:
        """Where TLS is spoken: the port beside the public one."""
        host, _, port = self.public.partition(":")
        return f"{host}:{int(port) + 1}"

    @property
    def tcp(self) -> bool:
        """Whether TCP is spoken, TLS apart."""
        return any(trunk.transport is Transport.TCP for trunk, _ in self.trunks)


def write_front(front: Front, folder: Path) -> list[Path]:
    """Write kamailio.cfg and what belongs to it into `folder`, which is made; the files. Raises OSError."""
    tables = folder / "dbtext"
    tables.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {folder / "kamailio.cfg": _configuration(front, tables)}
    if front.certificate:
        files[folder / "tls.cfg"] = _tls(front)
    files[tables / "version"] = "table_name(string) table_version(int)\nsubscriber:7\n"
    rows = [f"{number}:{phone.name}:{front.realm}:{phone.ha1}" for number, phone in enumerate(front.phones, 1)]
    files[tables / "subscriber"] = "\n".join(["id(int,auto) username(string) domain(string) ha1(string)", *rows, ""])
    for path, text in files.items():
        path.write_text(text)
        path.chmod(0o600)
    return list(files)


def _configuration(front: Front, tables: Path) -> str:
    template = Template(resources.files("hookline_telephony_sip").joinpath("front/kamailio.cfg").read_text())
    tls = bool(front.certificate)
    coming = [(trunk, addresses) for trunk, addresses in front.trunks if trunk.inbound]
    public_host = front.public.partition(":")[0]
    inside_host, _, inside_port = front.inside.partition(":")
    return template.substitute(
        public=front.public,
        public_host=public_host,
        public_tls=front.public_tls,
        inside=front.inside,
        inside_host=inside_host,
        inside_port=inside_port,
        realm=front.realm,
        listener=f"{inside_host}:{front.listener}",
        tables=tables.resolve(),
        folder=tables.parent.resolve(),
        tls_on="#!define WITH_TLS" if tls else "# no TLS: no certificate was given",
        tcp_on="#!define WITH_TCP" if front.tcp else "# no TCP: no trunk wants it",
        lines="\n".join(_line(trunk, addresses) for trunk, addresses in coming) or "    return;",
        trunk_addresses=_one_of([address for _, addresses in front.trunks for address in addresses]),
        inbound_addresses=_one_of([address for _, addresses in coming for address in addresses]),
        ways="\n".join(_way(front, trunk) for trunk, _ in front.trunks if trunk.transport is not Transport.UDP),
    )


def _one_of(addresses: list[str]) -> str:
    return " || ".join(f'$si == "{address}"' for address in dict.fromkeys(addresses)) or "1 == 0"


def _line(trunk: Trunk, addresses: list[str]) -> str:
    """By which line a call came, said to the listener."""
    return f'    if ({_one_of(addresses)}) {{ append_hf("{LINE_HEADER}: {trunk.id}\\r\\n"); return; }}'


def _way(front: Front, trunk: Trunk) -> str:
    """Towards a trunk that wants TCP or TLS, from the socket that speaks it."""
    host, own = sip_host(trunk.host), front.public
    if trunk.transport is Transport.TLS:
        own = front.public_tls
    way = f"sip:{host}:{trunk.port};transport={trunk.transport}"
    going = f'$du = "{way}"; $fs = "{trunk.transport}:{own}"; t_set_fr(0, {PATIENCE_MILLISECONDS});'
    return f'    if ($rd == "{host}" && $rp == {trunk.port}) {{ {going} }}'


def _tls(front: Front) -> str:
    return (
        "[server:default]\n"
        f"method = TLSv1.2+\nprivate_key = {front.key}\ncertificate = {front.certificate}\n"
        "[client:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n"
        f"ca_list = {front.authorities or DEBIAN_AUTHORITIES}\n"
    )
