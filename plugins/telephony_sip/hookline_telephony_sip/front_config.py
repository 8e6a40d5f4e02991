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
from hookline_telephony_sip.trunk import Trunk

PACKAGES = ("kamailio", "kamailio-tls-modules")
LINE_HEADER = "X-Hookline-Line"
_SOCKET = re.compile(r"([0-9.]{7,15}):([0-9]{2,5})")


@dataclass(frozen=True)
class Front:
    """`public` and `inside` are `address:port`; `listener` is the port of Hookline's own, on the inside address.

    `trunks` with the IPv4 addresses they call from. `certificate` and `key`: PEM files; without them there is no TLS.
    """

    public: str
    inside: str
    realm: str
    listener: int
    trunks: list[tuple[Trunk, list[str]]]
    phones: list[RegisteredPhone]
    certificate: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        wrong = [name for name in ("public", "inside") if not _SOCKET.fullmatch(getattr(self, name))]
        try:
            sip_host(self.realm)
        except InvalidSipValue:
            wrong.append("realm")
        if wrong:
            text = N_("Write an IPv4 address and a port, like 192.0.2.10:5060; the realm is a host name.")
            raise InvalidInput(N_("The front cannot be written."), text, {name: [text] for name in wrong})


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
    public_host, _, public_port = front.public.partition(":")
    inside_host, _, inside_port = front.inside.partition(":")
    return template.substitute(
        public=front.public,
        public_host=public_host,
        tls_port=int(public_port) + 1,
        inside=front.inside,
        inside_host=inside_host,
        inside_port=inside_port,
        realm=front.realm,
        listener=f"{inside_host}:{front.listener}",
        tables=tables.resolve(),
        folder=tables.parent.resolve(),
        tls_on="#!define WITH_TLS" if tls else "# no TLS: no certificate was given",
        lines="\n".join(_line(trunk, addresses) for trunk, addresses in front.trunks) or "    return;",
        trunk_addresses=" || ".join(f'$si == "{address}"' for _, addresses in front.trunks for address in addresses)
        or "1 == 0",
        ways="\n".join(_way(trunk) for trunk, _ in front.trunks if trunk.transport == "tls"),
    )


def _line(trunk: Trunk, addresses: list[str]) -> str:
    """By which line a call came, said to the listener."""
    where = " || ".join(f'$si == "{address}"' for address in addresses) or "1 == 0"
    return f'    if ({where}) {{ append_hf("{LINE_HEADER}: {trunk.id}\\r\\n"); return; }}'


def _way(trunk: Trunk) -> str:
    """Towards a trunk that wants TLS."""
    host = sip_host(trunk.host)
    return f'    if ($rd == "{host}") {{ $du = "sip:{host}:{trunk.port};transport=tls"; }}'


def _tls(front: Front) -> str:
    return (
        "[server:default]\n"
        f"method = TLSv1.2+\nprivate_key = {front.key}\ncertificate = {front.certificate}\n"
        "[client:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n"
        "ca_list = /etc/ssl/certs/ca-certificates.crt\n"
    )
