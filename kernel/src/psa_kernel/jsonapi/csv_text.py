"""CSV as people have it: any common encoding and separator, quoted newlines, real line numbers (RFC 4180)."""

import codecs
import csv
import io
from collections.abc import Iterator

import msgspec

from psa_sdk.errors import BadRequest, TooLarge

SEPARATORS = ",;\t|"
MOST_ROWS = 50_000
_FORMULA = ("'=", "'+", "'-", "'@", "'\t", "'\r")


class Line(msgspec.Struct, frozen=True):
    """A data row and the line of the file on which it begins, counted from 1."""

    number: int
    cells: list[str]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A file's header and rows; empty rows are left out."""

    header: list[str]
    lines: list[Line]
    encoding: str
    separator: str


def read_sheet(content: bytes) -> Sheet:
    r"""Read a CSV file.

    UTF-8 and UTF-16 by their marks, then UTF-8, then Windows-1252; the separator is the one that the header
    has most. Raises `BadRequest` for what has no header or is no text, `TooLarge` beyond `MOST_ROWS`.

    Example:
        >>> sheet = read_sheet("name;note\r\nAnn;\"two\nlines\"\r\nBob;'=1".encode("cp1252"))
        >>> sheet.separator, [(line.number, line.cells) for line in sheet.lines]
        (';', [(2, ['Ann', 'two\nlines']), (4, ['Bob', '=1'])])
    """
    text, encoding = _decoded(content)
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise BadRequest(f"Line {line} holds the character NUL; remove it.", code="invalid_character")
    separator = _separator(text)
    rows = _rows(text, separator)
    _, header = next(rows, (0, []))
    if not any(cell.strip() for cell in header):
        raise BadRequest("The file has no header: its first line must name the columns.", code="no_header")
    lines: list[Line] = []
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            lines.append(Line(number, [plain(cell) for cell in cells]))
        if len(lines) > MOST_ROWS:
            raise TooLarge(f"At most {MOST_ROWS} rows can be imported at once; split the file.")
    return Sheet(
        header=[cell.strip() for cell in header], lines=lines, encoding=encoding, separator=separator
    )


def plain(cell: str) -> str:
    """Return a cell without the quote that protects spreadsheets from formulas (CRM-09), trimmed.

    Example:
        >>> plain("'=1+1"), plain("'tis"), plain(" x ")
        ('=1+1', "'tis", 'x')
    """
    return (cell[1:] if cell.startswith(_FORMULA) else cell).strip()


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    else:
        candidates = ("utf-8-sig", "cp1252")
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise BadRequest("The file is neither UTF-8, UTF-16 nor Windows-1252 text.", code="unknown_encoding")


def _separator(text: str) -> str:
    counts = dict.fromkeys(SEPARATORS, 0)
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n":
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(counts, key=lambda separator: counts[separator])


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadRequest(
            f"The file is no CSV from line {begins} on: {error}.", code="malformed_csv"
        ) from None
