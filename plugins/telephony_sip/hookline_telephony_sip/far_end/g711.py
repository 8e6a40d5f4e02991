"""G.711 in plain Python: mu-law and A-law tables (the stdlib's audioop is gone from Python 3.13)."""

from __future__ import annotations

from array import array

PCMU = 0
PCMA = 8


def _decode_mulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def _decode_alaw(code: int) -> int:
    code ^= 0x55
    segment = (code & 0x70) >> 4
    magnitude = ((code & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _encoder(decoded: list[int]) -> bytes:
    """For each 14-bit step of a linear sample the nearest code: the inverse of `decoded`."""
    pairs = sorted((value, code) for code, value in enumerate(decoded))
    table, position = bytearray(), 0
    for step in range(-8192, 8192):
        sample = step * 4 + 2
        while position + 1 < len(pairs) and abs(pairs[position + 1][0] - sample) <= abs(pairs[position][0] - sample):
            position += 1
        table.append(pairs[position][1])
    return bytes(table)


_DECODED = {PCMU: [_decode_mulaw(code) for code in range(256)], PCMA: [_decode_alaw(code) for code in range(256)]}
_ENCODED = {kind: _encoder(decoded) for kind, decoded in _DECODED.items()}
SILENCE = {kind: table[8192] for kind, table in _ENCODED.items()}


def encode(samples: array[int], payload_type: int) -> bytes:
    """Linear 16-bit samples to G.711 of that RTP payload type (0 or 8)."""
    table = _ENCODED[payload_type]
    return bytes([table[(sample >> 2) + 8192] for sample in samples])


def decode(payload: bytes, payload_type: int) -> array[int]:
    """G.711 of that RTP payload type to linear 16-bit samples."""
    table = _DECODED[payload_type]
    return array("h", [table[code] for code in payload])
