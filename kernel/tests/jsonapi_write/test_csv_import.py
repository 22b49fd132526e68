"""CSV files become records as documents would, and a bad row costs nobody else (CRM-08, CRM-09, X-13)."""

import csv
import io
import time

import msgspec
import pytest

from psa_kernel.jsonapi.csv_export import cell
from psa_kernel.jsonapi.csv_import import import_csv
from psa_kernel.jsonapi.csv_text import read_sheet
from psa_sdk.errors import BadRequest, Forbidden
from psa_sdk.tables import new_id

from .test_writes import staff


@pytest.fixture
async def acme(kernel):
    async with kernel.unit(kernel.acme, principal=staff()) as unit:
        unit.company = await unit.records.create("companies", {"name": "Northwind"})
        yield unit


def sheet(*rows: list[str], separator: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode()


def outcome(report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.skipped


async def devices(unit) -> dict:
    return {row["serial"]: row for row in await unit.records.find("devices", order="serial")}


FILE = sheet(
    ["Name", "Serial", "Company", "Ports", "Notes"],
    ["fw-1", "S1", "northwind", "4", "first\nsecond"],
    ["fw-2", "S2", "Northwind", "many", ""],
    ["fw-3", "S3", "Northwind", "", "x"],
    ["fw-1 again", "s1", "Northwind", "", ""],
    ["fw-5", "S5", "Northwind", "1", ""],
)


async def test_a_bad_row_and_a_repeated_one_are_skipped_with_their_physical_lines(acme):
    """CRM-08: line numbers count the lines of the file, quoted newlines included."""
    report = await import_csv(acme, "devices", FILE)
    assert outcome(report) == (3, 0, 0, 2)
    assert [(problem.line, problem.code, problem.column) for problem in report.problems] == [
        (4, "invalid", "Ports"),
        (6, "duplicate_row", "Serial"),
    ]
    found = await devices(acme)
    assert list(found) == ["S1", "S3", "S5"]
    assert found["S1"]["notes"] == "first\nsecond"
    assert found["S1"]["company"] == acme.company


async def test_a_dry_run_gives_the_same_report_and_stores_nothing(acme):
    """X-13."""
    dry = await import_csv(acme, "devices", FILE, dry_run=True)
    assert await devices(acme) == {}
    assert await acme.connection.fetchval("SELECT count(*) FROM psa.outbox WHERE name LIKE 'devices%'") == 0
    real = await import_csv(acme, "devices", FILE)
    assert dry.dry_run
    assert not real.dry_run
    assert msgspec.structs.replace(dry, dry_run=False) == real


async def test_the_same_file_again_changes_nothing_and_a_changed_one_updates(acme):
    """CRM-08."""
    await import_csv(acme, "devices", FILE)
    again = await import_csv(acme, "devices", FILE)
    assert outcome(again) == (0, 0, 3, 2)
    report = await import_csv(acme, "devices", FILE.replace(b"fw-3", b"fw-33"))
    assert outcome(report) == (0, 1, 2, 2)
    row = (await devices(acme))["S3"]
    assert (row["name"], row["notes"], row["version"]) == ("fw-33", "x", 2)


@pytest.mark.parametrize(
    ("content", "encoding", "separator"),
    [
        ("name;notes\nZürich;x", "utf-8-sig", ";"),
        ("name\tnotes\nZürich\tx", "cp1252", "\t"),
        ("name,notes\r\nZürich,x\r\n", "utf-16", ","),
        ('"name","a,b;c;d"\nZürich,x', "utf-8", ","),
    ],
)
def test_common_encodings_and_separators_are_recognised(content: str, encoding: str, separator: str):
    """CRM-08."""
    found = read_sheet(content.encode(encoding))
    assert found.separator == separator
    assert found.header[0] == "name"
    assert found.lines[0].cells == ["Zürich", "x"]


async def test_the_quote_that_guards_against_formulas_is_taken_off_again(acme):
    """CRM-09."""
    for value in ("=1+1", "+49 1", "-x", "@home", "'quoted"):
        content = sheet(["name", "serial", "company"], [cell(value), f"S{value}", "Northwind"])
        report = await import_csv(acme, "devices", content)
        assert outcome(report) == (1, 0, 0, 0)
        assert (await devices(acme))[f"S{value}"]["name"] == value


async def test_cells_are_read_by_the_kind_of_their_column(acme):
    content = sheet(
        ["NAME", "Is rented", "price", "Bought-On", "labels", "place.city", "Place Country", "custom"],
        ["d", "Yes", "1234.50", "2026-02-28", "a, b", "Springfield", "", "zzz"],
    )
    with pytest.raises(BadRequest) as caught:
        await import_csv(acme, "devices", content)
    assert [fault.code for fault in caught.value.faults] == ["unknown_column"] * 2
    mapping = {"Place Country": "place.country", "custom": ""}
    report = await import_csv(acme, "devices", content, mapping=mapping)
    assert [(problem.line, problem.code) for problem in report.problems] == [(2, "required")]
    with_company = content.replace(b"zzz", b"Northwind")
    report = await import_csv(acme, "devices", with_company, mapping={**mapping, "custom": "company"})
    assert outcome(report) == (1, 0, 0, 0)
    row = (await devices(acme))[None]
    assert (row["is_rented"], str(row["price"]), str(row["bought_on"])) == (True, "1234.50", "2026-02-28")
    assert (row["labels"], row["place"]) == (["a", "b"], {"city": "Springfield"})


async def test_relationships_name_records_by_label_or_id_and_say_when_that_fails(acme, kernel):
    twin = await acme.records.create("companies", {"name": "Twin"})
    await acme.records.create("companies", {"name": "twin"})
    rows = [["a", "Nobody"], ["b", "Twin"], ["c", str(twin)], ["d", str(new_id())]]
    report = await import_csv(acme, "devices", sheet(["name", "company"], *rows))
    assert outcome(report) == (1, 0, 0, 3)
    assert [(problem.line, problem.code, problem.column) for problem in report.problems] == [
        (2, "related_not_found", "company"),
        (3, "ambiguous", "company"),
        (5, "related_not_found", "company"),
    ]


async def test_rows_with_an_id_update_that_record_and_no_other(acme):
    key = await acme.records.create("devices", {"name": "a", "company": acme.company})
    report = await import_csv(
        acme,
        "devices",
        sheet(["id", "name", "created_at"], [str(key), "b", "2020-01-01"], [str(new_id()), "c", ""]),
    )
    assert outcome(report) == (0, 1, 0, 1)
    assert report.ignored_columns == ["created_at"]
    assert (await acme.records.get("devices", key))["name"] == "b"


async def test_one_row_that_the_database_refuses_does_not_cost_its_neighbours(acme):
    rows = [[f"n{n}", f"C{n}"] for n in range(300)]
    rows[150] = [" ", "C150"]
    rows[151] = ["n151", "C150"]
    rows[250] = ["n250", "C1"]
    report = await import_csv(acme, "companies", sheet(["name", "code"], *rows))
    assert outcome(report) == (298, 0, 0, 2)
    assert [(problem.line, problem.code) for problem in report.problems] == [
        (152, "required"),
        (252, "already_taken"),
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"name,name\nx,y", b"colour\nred"])
async def test_files_that_cannot_be_read_at_all_are_refused(acme, content: bytes):
    with pytest.raises(BadRequest):
        await import_csv(acme, "companies", content)
    assert await acme.records.count("companies") == 1


async def test_importing_needs_both_rights(acme):
    acme.principal = staff("workshop.companies.read", "workshop.companies.create")
    with pytest.raises(Forbidden):
        await import_csv(acme, "companies", b"name\nx")


@pytest.mark.slow
@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.thorough)])
async def test_ten_thousand_rows_take_less_than_a_minute(acme, count):
    """CRM-08; a fifth of them unless thoroughly, however busy the machine is."""
    rows = [[f"d{n}", f"S{n}", "Northwind", "4"] for n in range(count)]
    content = sheet(["name", "serial", "company", "ports"], *rows)
    started = time.perf_counter()
    assert outcome(await import_csv(acme, "devices", content)) == (count, 0, 0, 0)
    assert outcome(await import_csv(acme, "devices", content)) == (0, 0, count, 0)
    assert time.perf_counter() - started < 60
