"""Who appoints whom: administrators everybody, facility managers their own staff, nobody himself."""

import pytest

from auth import clients, service
from auth.permissions import Permission, Role, separated_duties, system_actor
from auth.sessions import actor_of
from config.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories import HOSPITAL, make_client, make_user, sign_in

TESTS = system_actor("tests")
OTHER = "030201"


def acting(user):
    return actor_of(user.username, user.held_roles, tuple(user.facilities))


@pytest.fixture
def administrator(app):
    return make_user(roles=["administrator"])


@pytest.fixture
def manager(app):
    return make_user(roles=["facility_manager"])


def test_an_administrator_appoints_everybody(administrator):
    by = acting(administrator)

    made = service.create_user("sok", roles=[Role.FINANCE], by=by)

    assert made.user.roles == ["finance"]
    assert made.code
    assert made.user.created_by == administrator.subject
    assert service.appoint("sok", roles=[Role.BILLING], facilities=[OTHER], by=by).facilities == [
        OTHER
    ]


@pytest.mark.parametrize("change", ["appoint", "disable_user", "enable_user", "reset_user"])
def test_nobody_changes_his_own_appointment(administrator, change):
    given = {"roles": [Role.FINANCE]} if change == "appoint" else {}

    with pytest.raises(Forbidden) as refused:
        getattr(service, change)(administrator.username, by=acting(administrator), **given)

    assert refused.value.code == "own_appointment"


def test_nobody_is_appointed_to_two_separated_duties(administrator):
    user = make_user(roles=["finance"])
    by = acting(administrator)

    for roles in ([Role.FINANCE, Role.FINANCE_AUTHORISER], [Role.AUDITOR, Role.ADMINISTRATOR]):
        with pytest.raises(Invalid):
            service.appoint(user.username, roles=roles, by=by)
        with pytest.raises(Invalid):
            service.create_user("another", roles=roles, by=by)


def test_a_person_does_not_make_a_client_that_holds_what_he_may_not(administrator):
    by = acting(administrator)

    for scope in ("batch.manage", "batch.authorise", "audit.read", "user.manage"):
        with pytest.raises(Forbidden):
            clients.create_client("x", scopes=[scope], by=by)
    assert separated_duties(clients.scopes_to_give(by)) == ()
    assert Permission.CLAIM_REVIEW in clients.scopes_to_give(by)


def test_a_manager_appoints_only_the_own_facilitys_staff(manager):
    by = acting(manager)

    made = service.create_user("vanna", roles=[Role.BILLING], by=by)

    assert made.user.facilities == [HOSPITAL]
    for roles, facilities in (
        ([Role.BILLING], [OTHER]),
        ([Role.BILLING], [HOSPITAL, OTHER]),
        ([Role.REVIEWER], []),
        ([Role.NSSF_AGENT], [HOSPITAL]),
        ([Role.ADMINISTRATOR], []),
    ):
        with pytest.raises(Forbidden):
            service.create_user("another", roles=roles, facilities=facilities, by=by)


def test_a_manager_cannot_see_or_change_anybody_elsewhere(manager, administrator):
    elsewhere = make_user(roles=["billing"], facilities=[OTHER])
    agent = make_user(roles=["nssf_agent"], facilities=[HOSPITAL])
    mine = make_user(roles=["billing"])
    by = acting(manager)

    for user in (elsewhere, agent, administrator):
        for change in (
            service.disable_user,
            service.enable_user,
            service.reset_user,
            service.find_user,
        ):
            with pytest.raises(NotFound):
                change(user.username, by=by)
        with pytest.raises(NotFound):
            service.appoint(user.username, roles=[Role.BILLING], by=by)

    assert {user.username for user in service.list_users(by=by)} == {
        mine.username,
        manager.username,
    }


def test_a_manager_registers_and_ends_only_the_own_facilitys_systems(manager):
    foreign, shared = make_client(facility=OTHER), make_client(facility=[HOSPITAL, OTHER])
    by = acting(manager)

    made = clients.create_client("Our HIS", scopes=["claim.submit claim.read"], by=by)

    assert made.client.facilities == [HOSPITAL]
    assert [one.client_id for one in clients.list_clients(by=by)] == [made.client.client_id]
    for other in (foreign, shared):
        with pytest.raises(NotFound):
            clients.rotate_client(other.client.client_id, by=by)
        with pytest.raises(NotFound):
            clients.revoke_client(other.client.client_id, by=by)
    with pytest.raises(Forbidden):
        clients.create_client("x", scopes=["claim.read"], facilities=[OTHER], by=by)
    with pytest.raises(Invalid):
        clients.create_client("x", scopes=["claim.review"], by=by)


def test_whoever_may_not_manage_users_manages_none(app):
    by = acting(make_user(roles=["billing"]))

    with pytest.raises(Forbidden):
        service.create_user("x1", roles=[Role.BILLING], by=by)
    with pytest.raises(Forbidden):
        service.list_users(by=by)
    with pytest.raises(Forbidden):
        clients.list_clients(by=by)


def test_a_user_name_is_given_once_whatever_its_case(app):
    service.create_user("Dara", roles=[Role.BILLING], facilities=["1"], by=TESTS)

    with pytest.raises(Conflict) as refused:
        service.create_user("dARA", roles=[Role.BILLING], facilities=["1"], by=TESTS)

    assert refused.value.code == "username_used"


@pytest.mark.parametrize("name", ["", "a", "a b", "ដារ៉ា", "-dara", "x" * 65, "<img>", "dara\n"])
def test_a_name_that_cannot_be_typed_everywhere_is_refused(app, name):
    if name == "dara\n":  # trimmed, as from a file
        assert service.create_user(name, roles=[Role.BILLING], facilities=["1"], by=TESTS)
        return
    with pytest.raises(Invalid):
        service.create_user(name, roles=[Role.BILLING], facilities=["1"], by=TESTS)


def test_a_reset_ends_everything_and_hands_over_a_new_code(client, app):
    user = make_user(roles=["reviewer"])
    sign_in(client, user)

    made = service.reset_user(user.username, by=TESTS)

    assert made.code
    assert (made.user.password_hash, made.user.totp_secret) == (None, None)
    assert client.get("/account").status_code == 303


def test_what_appointments_leave_in_the_trail_names_no_person(app, owner, administrator):
    by = acting(administrator)
    service.create_user(
        "sok", roles=[Role.BILLING], facilities=["1"], display_name="Sok Tara", by=by
    )
    service.appoint("sok", roles=[Role.RECEPTION], facilities=["1"], by=by)
    service.disable_user("sok", by=by)

    rows = owner.execute(
        "SELECT actor, action, facility, details::text FROM audit_events WHERE subject = 'user:sok' ORDER BY id"
    ).fetchall()

    assert [row[1] for row in rows] == ["user.created", "user.appointed", "user.disabled"]
    assert {row[0] for row in rows} == {administrator.subject}
    assert {row[2] for row in rows} == {"1"}
    assert '"before": ["billing"]' in rows[1][3]
    assert "Tara" not in str(rows)


# --- the desk ----------------------------------------------------------------


def test_the_one_time_code_is_shown_once(client, administrator):
    token = sign_in(client, administrator)
    form = {"csrf_token": token, "username": "sok", "role": "billing", "facilities": HOSPITAL}

    answer = client.post("/admin/users", data=form)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    code = answer.text.split('translate="no">')[-1].split("<")[0]
    assert len(code) == 14
    assert code not in client.get("/admin/users/sok").text
    assert "sok" in client.get("/admin").text


def test_a_wrong_form_is_shown_again_with_what_was_typed(client, administrator):
    token = sign_in(client, administrator)

    answer = client.post("/admin/users", data={"csrf_token": token, "username": "s p a c e"})

    assert answer.status_code == 422
    assert "s p a c e" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_roles_are_changed_and_people_kept_out_at_the_desk(client, administrator):
    user = make_user(roles=["billing"])
    token = sign_in(client, administrator)
    base = f"/admin/users/{user.username}"

    def post(path, **form):
        return client.post(base + path, data=form | {"csrf_token": token})

    assert post("/roles", role="reception", facilities=HOSPITAL).status_code == 303
    assert service.find_user(user.username, by=TESTS).roles == ["reception"]
    assert post("/roles", role="reception", facilities="").status_code == 422
    assert post("/disable").status_code == 303
    assert service.find_user(user.username, by=TESTS).disabled_at
    assert post("/enable").status_code == 303
    assert post("/reset").status_code == 200
    assert client.get(base).status_code == 200
    assert client.get("/admin/users/nobody").status_code == 404


def test_an_administrator_is_told_that_his_own_roles_are_not_his(client, administrator):
    token = sign_in(client, administrator)
    own = f"/admin/users/{administrator.username}"

    answer = client.post(own + "/roles", data={"csrf_token": token, "role": "finance"})

    assert answer.status_code == 403
    assert "<form" not in client.get(own).text.split("<main")[1].split("</main")[0]


def test_systems_are_registered_renewed_and_ended_at_the_desk(client, manager):
    token = sign_in(client, manager)
    form = {"csrf_token": token, "name": "Our HIS", "scope": ["claim.submit", "claim.read"]}

    answer = client.post("/admin/clients", data=form)

    secret = answer.text.split('translate="no">')[-1].split("<")[0]
    (made,) = clients.list_clients(by=TESTS)
    assert (made.scopes, made.facilities) == (["claim.submit", "claim.read"], [HOSPITAL])
    assert secret not in client.get("/admin/clients").text
    assert client.post(f"/admin/clients/{made.client_id}/rotate", data=form).status_code == 200
    assert client.post(f"/admin/clients/{made.client_id}/revoke", data=form).status_code == 303
    assert client.post(f"/admin/clients/{made.client_id}/revoke", data=form).status_code == 404
    assert client.post("/admin/clients", data={"csrf_token": token}).status_code == 422


def test_a_list_longer_than_a_page_goes_on(client, administrator, owner):
    owner.execute(
        "INSERT INTO staff_users (username, display_name, roles, created_by)"
        " SELECT 'user' || lpad(n::text, 3, '0'), 'x', '{analyst}', 'system:tests' FROM generate_series(1, 60) n"
    )
    sign_in(client, administrator)

    page = client.get("/admin").text
    following = page.split('rel="next"')[0].split('href="')[-1].split('"')[0]

    assert "user060" not in page
    assert "user060" in client.get(following).text


def test_names_shown_at_the_desk_are_escaped(client, administrator):
    evil = '<img src=x onerror="alert(1)">'
    service.create_user("evil", roles=[Role.ANALYST], display_name=evil, by=TESTS)
    make_client_named = clients.create_client(evil, scopes=["claim.read"], by=TESTS)
    sign_in(client, administrator)

    assert make_client_named.client.name == evil
    for page in ("/admin", "/admin/users/evil", "/admin/clients"):
        assert "<img src=x" not in client.get(page).text
        assert "&lt;img src=x" in client.get(page).text
