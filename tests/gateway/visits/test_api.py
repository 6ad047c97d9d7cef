"""The waiting line's JSON door: one happy path, each refusal, each error shape."""

import secrets
from datetime import timedelta

import pytest

from auth.models import ApiClient
from auth.permissions import Permission
from auth.tokens import issue_access
from config import clock
from config.db import transaction

HERE, THERE = "120101", "010203"
ARRIVAL = {
    "card_number": "2990101-0000001-ក",
    "visit_type": "outpatient",
    "ward": "OPD",
    "payer": "nssf",
    "priority": "none",
    "identity": {"seen": "national_id", "name_differs": False},
}


class Machine:
    """A facility's system with a token of its own."""

    def __init__(self, http, *facilities, scopes=(Permission.VISIT_MANAGE,)):
        self.http = http
        client_id = secrets.token_hex(8)
        with transaction() as session:
            session.add(
                ApiClient(
                    client_id=client_id,
                    name="test",
                    scopes=list(scopes),
                    facilities=list(facilities),
                    created_by="test",
                )
            )
        token = issue_access(client_id=client_id, scopes=tuple(scopes), facilities=facilities)
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, path="", body=None, **headers):
        return self.http.post(f"/api/v1/visits{path}", json=body, headers=self.headers | headers)

    def get(self, path=""):
        return self.http.get(f"/api/v1/visits{path}", headers=self.headers)


@pytest.fixture
def here(client):
    return Machine(client, HERE)


@pytest.fixture
def there(client):
    return Machine(client, THERE)


def pointers(answer):
    return {error["pointer"] for error in answer.json["errors"]}


def test_an_arrival_is_answered_with_number_ticket_and_wait(here):
    here.post(body=ARRIVAL)

    answer = here.post(body=ARRIVAL | {"card_number": None, "payer": "full_pay", "label": "ឪពុក"})

    assert answer.status_code == 201
    assert (answer.json["ticket"], answer.json["waiting_ahead"]) == (2, 1)
    assert answer.json["number"].startswith("V")
    assert answer.headers["Cache-Control"] == "no-store"
    shown = here.http.get(answer.headers["Location"], headers=here.headers).json
    assert shown == answer.json
    assert (shown["facility"], shown["ward"], shown["label"]) == (HERE, "OPD", "ឪពុក")
    assert shown["identity"] == {"seen": "national_id", "name_differs": False}


def test_the_least_an_arrival_says_is_kind_and_payer(here):
    answer = here.post(body={"visit_type": "emergency", "payer": "exempt"})

    assert answer.status_code == 201
    assert (answer.json["ward"], answer.json["card_number"], answer.json["priority"]) == (
        None,
        None,
        "none",
    )
    assert answer.json["identity"] == {"seen": "none", "name_differs": False}


def test_every_bad_field_of_an_arrival_is_named_at_once_and_nothing_is_stored(here):
    answer = here.post(
        body={
            "card_number": "--",
            "visit_type": "surgery",
            "ward": "a\u0000b",
            "priority": 3,
            "identity": {"seen": "passport", "name_differs": "perhaps", "photo": 1},
            "label": "x" * 81,
            "room": 7,
        }
    )

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert pointers(answer) == {
        "/card_number", "/visit_type", "/ward", "/payer", "/priority", "/identity/seen",
        "/identity/name_differs", "/identity/photo", "/label", "/room",
    }  # fmt: skip
    assert here.get().json["items"] == []


@pytest.mark.parametrize(("body", "status"), [("{", 400), ("[]", 422), ('"text"', 422)])
def test_a_body_that_is_no_arrival_is_refused(here, body, status):
    answer = here.http.post(
        "/api/v1/visits", data=body, content_type="application/json", headers=here.headers
    )
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_visit_walks_the_line_and_a_wrong_step_names_the_allowed_ones(here):
    number = here.post(body=ARRIVAL).json["number"]

    states = [here.post(f"/{number}/{action}").json["state"] for action in ("call", "start")]
    refused = here.post(f"/{number}/no_show")
    finished = here.post(f"/{number}/finish")

    assert states == ["called", "in_service"]
    assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")
    assert refused.json["allowed"] == ["finish", "transfer"]
    assert (finished.status_code, finished.json["state"], finished.json["actions"]) == (
        200,
        "finished",
        [],
    )
    for stamp in ("arrived_at", "called_at", "started_at", "ended_at"):
        assert finished.json[stamp].endswith("Z")


def test_a_step_takes_an_empty_body_in_every_dress_and_no_other(here):
    number = here.post(body=ARRIVAL).json["number"]
    path = f"/api/v1/visits/{number}"

    empty = here.http.post(f"{path}/call", headers=here.headers)
    nothing = here.http.post(
        f"{path}/requeue", data="", content_type="application/json", headers=here.headers
    )
    braces = here.http.post(f"{path}/call", json={}, headers=here.headers)
    more = here.http.post(f"{path}/start", json={"ward": "X"}, headers=here.headers)

    assert [a.status_code for a in (empty, nothing, braces, more)] == [200, 200, 200, 422]
    assert pointers(more) == {"/ward"}


def test_a_transfer_gives_a_ticket_of_the_other_ward(here):
    here.post(body=ARRIVAL | {"ward": "Laboratory"})
    number = here.post(body=ARRIVAL).json["number"]

    moved = here.post(f"/{number}/transfer", {"ward": " Laboratory "})
    again = here.post(f"/{number}/transfer", {"ward": "Laboratory"})
    nowhere = here.post(f"/{number}/transfer", {"ward": " "})

    assert (moved.json["ward"], moved.json["ticket"], moved.json["waiting_ahead"]) == (
        "Laboratory",
        2,
        1,
    )
    assert (again.status_code, again.json["code"]) == (409, "same_ward")
    assert (nowhere.status_code, pointers(nowhere)) == (422, {"/ward"})


def test_an_unknown_step_or_number_does_not_exist(here):
    number = here.post(body=ARRIVAL).json["number"]

    for path in (f"/{number}/fly", "/V26KAAAAAAAAA/call", "/V%00/call", "/nonsense/finish"):
        assert here.post(path).status_code == 404


def test_the_line_is_listed_by_priority_and_arrival_page_by_page(here):
    for priority in ("none", "elderly", "emergency"):
        here.post(body=ARRIVAL | {"priority": priority})

    first = here.get("?state=waiting&limit=2").json
    second = here.get(f"?state=waiting&limit=2&cursor={first['next_cursor']}").json

    assert [visit["ticket"] for visit in first["items"]] == [3, 2]
    assert [visit["waiting_ahead"] for visit in first["items"]] == [0, 1]
    assert [visit["ticket"] for visit in second["items"]] == [1]
    assert second["next_cursor"] is None


def test_the_list_is_filtered_by_state_ward_and_day(here):
    number = here.post(body=ARRIVAL).json["number"]
    here.post(body=ARRIVAL | {"ward": "ផ្នែកមាតុភាព"})
    here.post(f"/{number}/call")
    today = clock.today()

    def tickets(query):
        return [(v["ward"], v["state"]) for v in here.get(query).json["items"]]

    assert tickets("?state=called") == [("OPD", "called")]
    assert tickets("?ward=ផ្នែកមាតុភាព") == [("ផ្នែកមាតុភាព", "waiting")]
    assert len(tickets(f"?day={today}")) == 2
    assert tickets(f"?day={today - timedelta(days=1)}") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("state=lost", "/state"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("day=2026-13-01", "/day"),
        ("ward=a%00", "/ward"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=WzEsMiwzXQ", "/cursor"),
        ("cursor=W10", "/cursor"),
        ("cursor=WzAsIjIwMjYtMTEtMjJUMDA6MDA6MDAiLDFd", "/cursor"),
    ],
)
def test_a_bad_filter_is_a_bad_field(here, query, pointer):
    answer = here.get(f"?{query}")
    assert (answer.status_code, pointers(answer)) == (422, {pointer})


def test_another_facilitys_visits_cannot_be_seen_moved_or_listed(here, there):
    number = there.post(body=ARRIVAL).json["number"]

    answers = [
        here.get(f"/{number}"),
        *(
            here.post(f"/{number}/{step}")
            for step in ("call", "start", "finish", "no_show", "cancel")
        ),
        here.post(f"/{number}/transfer", {"ward": "X"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert here.get().json["items"] == []
    assert there.get(f"/{number}").json["state"] == "waiting"


def test_a_client_of_several_facilities_names_the_one_it_acts_for(client):
    both = Machine(client, HERE, THERE)

    assert both.post(body=ARRIVAL).status_code == 400
    assert both.post(body=ARRIVAL, **{"X-Facility": "999999"}).status_code == 403
    assert both.post(body=ARRIVAL, **{"X-Facility": THERE}).json["facility"] == THERE


def test_a_client_of_nssf_without_facility_checks_nobody_in(client):
    answer = Machine(client).post(body=ARRIVAL)

    assert (answer.status_code, answer.json["code"]) == (403, "facility_required")


def test_the_line_is_closed_to_strangers_and_to_other_scopes(client, here):
    number = here.post(body=ARRIVAL).json["number"]
    biller = Machine(client, HERE, scopes=(Permission.CLAIM_READ,))

    for path in ("", f"/{number}/call"):
        assert client.post(f"/api/v1/visits{path}", json={}).status_code == 401
        assert biller.post(path, {}).status_code == 403
    for path in ("", f"/{number}"):
        assert client.get(f"/api/v1/visits{path}").status_code == 401
        assert biller.get(path).status_code == 403


def test_an_arrival_sent_twice_under_one_key_gives_one_ticket(here):
    first = here.post(body=ARRIVAL, **{"Idempotency-Key": "a-1"})
    again = here.post(body=ARRIVAL, **{"Idempotency-Key": "a-1"})
    other = here.post(body=ARRIVAL | {"ward": "X"}, **{"Idempotency-Key": "a-1"})

    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert len(here.get().json["items"]) == 1


def test_direction_signs_in_a_label_are_stripped_and_markup_stays_text(here):
    label = "\u202e<img onerror=x>\u2066"

    answer = here.post(body=ARRIVAL | {"label": label})

    assert answer.json["label"] == "<img onerror=x>"
