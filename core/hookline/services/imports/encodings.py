"""Whether a file is text in UTF-8, and if not, what it looks like instead: said so that a person can mend it."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from hookline.services.imports.errors import FileRefused
from hookline.text import N_

_CHUNK = 1 << 20
_SAMPLE = 1 << 16

_SAVE_ADVICE: Final = N_(
    "Save the file again as UTF-8: in Excel choose “Save as” → “CSV UTF-8 (comma delimited)”; in LibreOffice “Save as” "
    "→ “Edit filter settings” → character set “Unicode (UTF-8)”."
)
_TEXT_ADVICE: Final = N_("Export the contacts as a CSV text file in UTF-8 and upload that.")

_OTHER_FORMATS = (
    (b"PK\x03\x04", N_("This is a ZIP file, not CSV text.")),
    (b"%PDF", N_("This is a PDF file, not CSV text.")),
    (b"\x1f\x8b", N_("This is a compressed file (gzip), not CSV text.")),
    (b"{\\rtf", N_("This is an RTF document, not CSV text.")),
)
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Polish letters where Windows-1250 and ISO 8859-2 differ, and those where they agree.
_ONLY_CP1250 = b"\xb9\x9c\x9f\xa5\x8c\x8f"
_ONLY_LATIN2 = b"\xb1\xb6\xbc\xa1\xa6\xac"
_BOTH_POLISH = b"\xea\xb3\xf3\xe6\xf1\xbf\xca\xa3\xd3\xc6\xd1\xaf"
_CP852 = b"\xa5\x86\xa9\x88\xe4\xa2\x98\xab\xbe"


def require_utf8_text(path: Path) -> None:
    """Read the whole file; raises `FileRefused` where it is empty, not text, or text in another encoding."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    _refuse_other_formats(head)
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, seen_text, controls, characters = 1, False, 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\x00" in chunk:
                raise _nul_byte(head, lines + chunk[: chunk.index(0)].count(b"\n"))
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                raise _not_utf8(error, lines) from error
            lines += chunk.count(b"\n")
            seen_text = seen_text or bool(text.strip("\ufeff \t\r\n,;"))
            characters += len(text)
            controls += sum(text.count(chr(code)) for code in (1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 27, 127))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(error, lines) from error
    if not seen_text:
        raise FileRefused(N_("The file is empty."), N_("Choose a file with at least one row of contacts."))
    if controls * 50 > characters:
        raise FileRefused(N_("The file is not text: it is full of control characters."), _TEXT_ADVICE)


def _refuse_other_formats(head: bytes) -> None:
    for mark, message in _OTHER_FORMATS:
        if head.startswith(mark):
            raise FileRefused(message, _TEXT_ADVICE)
    if head.startswith(_WIDE_MARKS):
        raise FileRefused(N_("The file is in UTF-16 (“Unicode text”), not in UTF-8."), _SAVE_ADVICE)


def _nul_byte(head: bytes, line: int) -> FileRefused:
    sample = head[: len(head) - len(head) % 2]
    if sample and max(sample[0::2].count(0), sample[1::2].count(0)) * 3 > len(sample) // 2:
        return FileRefused(N_("The file is in UTF-16 (“Unicode text”), not in UTF-8."), _SAVE_ADVICE)
    return FileRefused(
        N_("Line %(line)s has a NUL byte: the file is not text, or it is damaged."), _TEXT_ADVICE, params={"line": line}
    )


def _not_utf8(error: UnicodeDecodeError, lines_before: int) -> FileRefused:
    line = lines_before + error.object[: error.start].count(b"\n")
    byte = error.object[error.start]
    params = {"line": line, "byte": f"0x{byte:02X}"}
    name = _likely(error.object)
    if name is None:
        return FileRefused(
            N_("The file is not UTF-8 text: line %(line)s has the byte %(byte)s."), _SAVE_ADVICE, params=params
        )
    return FileRefused(
        N_("The file is not in UTF-8 but, by its letters, in %(encoding)s (line %(line)s has the byte %(byte)s)."),
        _SAVE_ADVICE,
        params={**params, "encoding": name},
    )


def _likely(data: bytes) -> str | None:
    """The single-byte encoding that the letters point to; None where they point to nothing."""
    high = bytes(b for b in data[:_SAMPLE] if b >= 0x80) or bytes(b for b in data if b >= 0x80)

    def share(letters: bytes) -> float:
        return sum(b in letters for b in high) / len(high)

    if len(high) * 5 > len(data[:_SAMPLE]) * 2:
        return None  # more accents than any language has: binary
    if max(share(_ONLY_CP1250 + _BOTH_POLISH), share(_ONLY_LATIN2 + _BOTH_POLISH)) >= 0.5:
        latin2 = share(_ONLY_LATIN2) > share(_ONLY_CP1250)
        return "ISO 8859-2" if latin2 else "Windows-1250"
    if share(_CP852) >= 0.6:
        return "CP852 (DOS)"
    return "Windows-1252"
