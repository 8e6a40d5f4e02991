"""A provider that speaks TLS: a second Kamailio before a far end, with a good certificate and a bad one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.plugins.telephony_sip.sipp_peer import KAMAILIO, free_tcp_port, free_udp_port

_CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
children=1
auto_aliases=no
enable_tls=yes
listen=udp:127.0.0.1:@udp@
listen=tls:127.0.0.1:@good@
listen=tls:127.0.0.1:@bad@
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "tls.so"
modparam("tls", "config", "@folder@/tls.cfg")
request_route {
    if (has_totag()) {
        if (loose_route()) t_relay();
        exit;
    }
    if (is_method("OPTIONS")) {
        sl_send_reply("200", "OK");
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        exit;
    }
    $fs = "udp:127.0.0.1:@udp@";
    record_route();
    $du = "sip:@network@";
    t_relay();
}
"""


class TlsProvider:
    """`good` and `bad` are its TLS ports on 127.0.0.1; what is called goes on to the far end at `network`."""

    def __init__(self, folder: Path, network: str, good: Path, bad: Path) -> None:
        folder.mkdir()
        self.good, self.bad = free_tcp_port(), free_tcp_port()
        config = _CONFIG
        for name, value in (("good", self.good), ("bad", self.bad), ("udp", free_udp_port()), ("folder", folder)):
            config = config.replace(f"@{name}@", str(value))
        (folder / "kamailio.cfg").write_text(config.replace("@network@", network))
        shown = "method = TLSv1.2+\ncertificate = {0}\nprivate_key = {0}\n"
        (folder / "tls.cfg").write_text(
            f"[server:default]\n{shown.format(good)}[server:127.0.0.1:{self.bad}]\n{shown.format(bad)}"
            "[client:default]\nmethod = TLSv1.2+\n"
        )
        self._process = subprocess.Popen(
            [KAMAILIO, "-DD", "-E", "-f", folder / "kamailio.cfg", "-w", folder, "-Y", folder, "-m", "64", "-M", "8"],
            stdout=(folder / "log").open("w"),
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
