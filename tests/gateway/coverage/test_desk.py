"""The public benefits page reads the policies in force that day."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient

from config import clock
from gateway.coverage.service import load_default_policies
from tests.desks import visible
from tests.journeys.conftest import world  # noqa: F401


def read(client: FlaskClient, lang: str = "en") -> str:
    return visible(client.get("/benefits", headers={"Accept-Language": lang}).text)


@pytest.mark.usefixtures("world")
def test_a_stranger_reads_who_is_covered_and_what_it_costs(client: FlaskClient) -> None:
    page = read(client)

    assert "Self-employed person" in page
    assert "15,600 riel" in page
    assert "2 paid months in a row, or 6 paid months of the last 12" in page
    assert "1286" in page
    assert "Children are covered until 18" in page


@pytest.mark.usefixtures("world")
def test_every_number_of_the_page_says_where_it_comes_from_and_how_sure_it_is(
    client: FlaskClient,
) -> None:
    page = " ".join(read(client).split())

    worker = page[page.index("2 paid months in a row") : page.index("Public servant")]
    assert "Prakas 109/2016 · law" in worker.split("180 days")[0]
    assert "WageIndicator summary of Prakas 109/2016 · as reported" in worker.split("180 days")[1]
    lapse = page[page.index("More than 6 unpaid months") :]
    assert "CamboJA News on voluntary abandonment, 2025 · as reported" in lapse[:200]
    newborn = page[page.index("for 28 days.") :]
    assert "product default, no published figure · assumption" in newborn[:120]
    assert "(MPA, CPA1-3) of the Ministry of Health · assumption" in page


@pytest.mark.usefixtures("app")
def test_before_the_voluntary_scheme_it_offers_none(client: FlaskClient) -> None:
    load_default_policies()

    with clock.freeze(date(2020, 1, 1)):
        page = read(client)

    assert "Private-sector worker" in page
    assert "15,600" not in page


@pytest.mark.usefixtures("world")
def test_it_speaks_khmer_to_who_asks_for_nothing_else(client: FlaskClient) -> None:
    assert "បុគ្គលស្វ័យនិយោជន៍" in read(client, lang="fr")


@pytest.mark.usefixtures("app")
def test_without_any_policy_it_still_answers(client: FlaskClient) -> None:
    assert "What to bring" in read(client)
