"""Reading tariff files and superseding prices: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from claims.adjudication.rules.superseding import plan_change, plan_defaults
from claims.adjudication.rules.tariffs import Price, TariffFileError, read_tariffs, tariffs_of
from tests.claims.adjudication.reading import shipped_prices

HEADER = (
    "service,name_km,name_en,benefit,level,payer,price_riel,valid_from,valid_to,status,source\n"
)
ROW = "OPD-CONSULTATION,ពិគ្រោះ,Consultation,outpatient,health_centre,nssf,7000,2026-12-01,,law,Prakas\n"


def make_price(**changed: object) -> Price:
    return replace(read_tariffs((HEADER + ROW).encode())[0], **changed)  # type: ignore[arg-type]


def test_the_health_centre_rates_are_the_reported_ones() -> None:
    tariffs = tariffs_of(shipped_prices())
    day = date(2026, 11, 22)

    def price(service: str, payer: str) -> tuple[int, str]:
        found = tariffs.find(service, "health_centre", payer, day)
        assert found is not None
        return found.price_riel, found.status

    assert price("OPD-CONSULTATION", "nssf") == (6000, "reported")
    assert price("OPD-CONSULTATION", "hef") == (4000, "reported")
    assert price("EMERGENCY", "nssf") == price("EMERGENCY", "hef") == (20000, "reported")
    assert (
        price("DELIVERY-NORMAL", "nssf") == price("DELIVERY-NORMAL", "hef") == (80000, "reported")
    )


def test_every_price_off_the_source_is_marked_demo() -> None:
    assert all(
        price.status == "demo" for price in shipped_prices() if price.level != "health_centre"
    )


def test_all_sixteen_services_are_shipped() -> None:
    assert len({price.service for price in shipped_prices()}) == 16


def test_the_last_day_of_a_price_counts() -> None:
    row = ROW.replace("2026-12-01,,", "2026-01-01,2026-01-31,")

    tariffs = tariffs_of(read_tariffs((HEADER + row).encode()))

    key = ("OPD-CONSULTATION", "health_centre", "nssf")
    assert tariffs.find(*key, date(2026, 1, 31)) is not None
    assert tariffs.find(*key, date(2026, 2, 1)) is None
    assert tariffs.on(date(2026, 2, 1)).all() == []


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (("7000", "7000.5"), "price_riel"),
        (("7000", "-1"), "price_riel"),
        (("7000", "99999999999"), "price_riel"),
        (("health_centre", "moon"), "level"),
        (("nssf", "bank"), "payer"),
        (("outpatient", "teeth"), "benefit"),
        (("2026-12-01,,", "2026-13-01,,"), "valid_from"),
        (("2026-12-01,,", "2026-12-01,2026-11-01,"), "valid_to"),
        ((",law,", ",rumour,"), "status"),
        ((",Prakas", ","), "source"),
        (("OPD-CONSULTATION", "=cmd()"), "service"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(change: tuple[str, str], column: str) -> None:
    with pytest.raises(TariffFileError) as refused:
        read_tariffs((HEADER + ROW.replace(*change)).encode())

    assert [(row, name) for row, name, _ in refused.value.problems] == [(2, column)]


def test_every_fault_of_a_file_is_named_at_once() -> None:
    bad = ROW.replace("7000", "x").replace("nssf", "bank") + ROW.replace("law", "rumour")

    with pytest.raises(TariffFileError) as refused:
        read_tariffs((HEADER + bad).encode())

    assert [(row, name) for row, name, _ in refused.value.problems] == [
        (2, "payer"), (2, "price_riel"), (3, "status"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", HEADER.encode(), b"\xff\xfe", HEADER.replace("payer", "who").encode() + ROW.encode(),
        (HEADER + ROW + ROW).encode(), (HEADER + "a,b\n").encode(),
    ],
)  # fmt: skip
def test_a_file_that_is_no_tariff_is_refused(content: bytes) -> None:
    with pytest.raises(TariffFileError):
        read_tariffs(content)


def test_a_loaded_row_ends_the_old_one_where_it_begins() -> None:
    old = make_price(price_riel=6000, valid_from=date(2016, 1, 1))
    new = make_price()

    change = plan_change({1: old}, [new])

    assert change.superseded == [1]
    assert change.added == [replace(old, valid_to=date(2026, 12, 1)), new]


def test_a_loaded_row_replaces_one_that_begins_later() -> None:
    later = make_price(price_riel=9000, valid_from=date(2027, 1, 1))

    change = plan_change({1: later}, [make_price()])

    assert change.superseded == [1]
    assert change.added == [make_price()]


def test_a_row_that_does_not_overlap_stays() -> None:
    past = make_price(valid_from=date(2016, 1, 1), valid_to=date(2020, 1, 1))

    change = plan_change({1: past}, [make_price()])

    assert change.superseded == []


def test_the_same_row_again_changes_nothing() -> None:
    change = plan_change({1: make_price()}, [make_price()])

    assert (change.superseded, change.added, change.unchanged) == ([], [], 1)


def test_shipped_prices_never_supersede_loaded_ones() -> None:
    loaded = make_price()

    change = plan_defaults({1: loaded}, [make_price(price_riel=1, valid_from=date(2016, 1, 1))])

    assert (change.superseded, change.added) == ([], [])
