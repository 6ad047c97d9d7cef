"""The page that verifies slips, in a real browser: online, saved to disk, and with strict CSP."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from auth.keys import jwks, ring, signer
from config import clock
from config.web import STATIC
from gateway.coverage.policy import BENEFITS
from gateway.eligibility import service as eligibility
from gateway.eligibility import slip, slip_words
from gateway.eligibility.rules.facts import VERDICTS
from gateway.eligibility.service import CheckRequest
from tests.factories import WOMAN
from tests.gateway.eligibility.conftest import RECEPTION, in_a_browser

Owner = psycopg.Connection[Any]
# RFC 8032 §7.1, tests 1 to 3: key, signature, message.
RFC_8032 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
        "",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
        "72",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
        "af82",
    ),
)
KHMER = re.compile(r"[\u1780-\u17ff]")


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[tuple[Page, list[str], list[str]]]:
    """Open a page; note what it asks for and what it complains about."""
    asked: list[str] = []
    complaints: list[str] = []
    context = browser.new_context(locale="km-KH")
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page, asked, complaints
    context.close()


def outcome(page: Page, token: str) -> str:
    """Scan a slip: a scanner types it and ends with Enter."""
    page.fill("#slip-text", token)
    page.press("#slip-text", "Enter")
    shown = page.locator("#slip-outcome .outcome")
    expect(shown).to_be_visible()
    return shown.get_attribute("data-state") or ""


def a_slip() -> str:
    answer = eligibility.check(CheckRequest(card_number=WOMAN, slip=True), by=RECEPTION)
    return str(answer["slip"])


def claims_of(token: str) -> dict[str, Any]:
    return dict(eligibility.verify_slip(token).claims)


def signed(claims: dict[str, Any], **headers: Any) -> str:
    kid, key = signer("slip")
    return slip.sign(claims, kid=headers.get("kid", kid), key=headers.get("key", key))


def expired(token: str) -> str:
    moment = clock.now() - timedelta(minutes=5)
    return signed(claims_of(token) | {"exp": int(moment.timestamp())})


def tampered(token: str) -> str:
    """Turn the verdict round without signing anew."""
    header, _, signature = token.split(".")
    other = signed(claims_of(token) | {"birth_year": 1950}).split(".")[1]
    return f"{header}.{other}.{signature}"


@in_a_browser
def test_a_valid_slip_a_tampered_an_expired_and_a_foreign_one_are_told_apart(
    country: Owner, site: str, browser: Browser, tmp_path: Path
) -> None:
    token = a_slip()
    foreign = signed(claims_of(token), key=Ed25519PrivateKey.generate())
    unknown = signed(claims_of(token), kid="slip-nobody", key=Ed25519PrivateKey.generate())
    access_kid, access_key = signer("access")
    of_tokens = signed(claims_of(token), kid=access_kid, key=access_key)

    with opened(browser, f"{site}/slip") as (page, asked, complaints):
        assert outcome(page, token) == "valid"
        facts = page.locator("#slip-outcome dl").inner_text()
        page.screenshot(path=tmp_path / "valid.png", full_page=True)
        assert outcome(page, tampered(token)) == "invalid"
        assert page.locator("#slip-outcome dl > *").count() == 0
        assert outcome(page, expired(token)) == "expired"
        assert outcome(page, foreign) == "invalid"
        assert outcome(page, token[:-4] + "AAAA") == "invalid"
        assert outcome(page, "2990101-0000001-ក") == "not_slip"
        assert outcome(page, f"{token}.{token}") == "not_slip"
        assert complaints == []
        assert outcome(page, unknown) == "no_key"
        assert outcome(page, of_tokens) == "no_key"

    claims = claims_of(token)
    for told in (claims["jti"], claims["card"], claims["initials"], "1999", claims["aud"]):
        assert str(told) in facts
    assert "Eligible" in facts
    assert "មានសិទ្ធិទទួលសេវា" in facts
    assert "ពិគ្រោះក្រៅ" in facts
    assert {url.split("/")[2] for url in asked} == {site.removeprefix("http://")}


@in_a_browser
def test_a_token_that_is_no_slip_is_refused_though_a_published_key_signed_it(
    country: Owner, site: str, browser: Browser
) -> None:
    import jwt

    token = a_slip()
    kid, key = signer("slip")
    as_bearer = jwt.encode(
        claims_of(token), key, algorithm="EdDSA", headers={"kid": kid, "typ": "at+jwt"}
    )
    unsigned = jwt.encode(
        claims_of(token), None, algorithm="none", headers={"kid": kid, "typ": "slip+jws"}
    )

    with opened(browser, f"{site}/slip") as (page, _, complaints):
        assert outcome(page, as_bearer) == "not_slip"
        assert outcome(page, unsigned) == "not_slip"
        assert complaints == []


@in_a_browser
def test_a_slip_of_a_newer_key_makes_the_page_ask_for_the_published_keys(
    country: Owner, site: str, browser: Browser
) -> None:
    with opened(browser, f"{site}/slip") as (page, asked, complaints):
        ring().rotate("slip")

        assert outcome(page, a_slip()) == "valid"

        fetched = [url.removeprefix(site) for url in asked if "/static/" not in url]
        assert fetched == ["/slip", "/.well-known/jwks.json"]
        assert complaints == []


@in_a_browser
def test_saved_to_disk_it_verifies_with_a_pasted_key_and_no_network(
    country: Owner, client: FlaskClient, browser: Browser, tmp_path: Path
) -> None:
    page_text = client.get("/slip").text
    keys = page_text[page_text.index('id="slip-keys"') :]
    saved = tmp_path / "slip.html"
    saved.write_text(page_text.replace(keys[keys.index(">") + 1 : keys.index("</textarea>")], ""))
    for name in ("slip.js", "slip-ed25519.js", "slip.css"):
        (tmp_path / "static").mkdir(exist_ok=True)
        shutil.copy(STATIC / name, tmp_path / "static" / name)
    token = a_slip()
    kid = signer("slip")[0]
    [key] = [one for one in jwks()["keys"] if one["kid"] == kid]

    with opened(browser, saved.as_uri()) as (page, asked, _):
        assert outcome(page, token) == "no_key"
        page.click("summary")
        for pasted in (json.dumps(jwks()), json.dumps(key), key["x"]):
            page.fill("#slip-keys", pasted)
            assert outcome(page, token) == "valid"
            assert outcome(page, tampered(token)) == "invalid"
            assert outcome(page, expired(token)) == "expired"
        page.fill("#slip-keys", "not a key")
        assert outcome(page, token) == "bad_key"

    assert {url.split(":")[0] for url in asked} == {"file"}


@in_a_browser
def test_a_browser_without_ed25519_of_its_own_comes_to_the_same_answers(
    country: Owner, site: str, browser: Browser
) -> None:
    token = a_slip()
    claims = claims_of(token)
    others = [signed(claims | {"birth_year": year}) for year in range(1951, 1960)]
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'crypto', {value: undefined})")
    page.goto(f"{site}/slip")

    assert page.evaluate("typeof crypto") == "undefined"
    assert {outcome(page, one) for one in others} == {"valid"}
    assert {outcome(page, tampered(one)) for one in others} == {"invalid"}
    assert outcome(page, expired(token)) == "expired"
    assert outcome(page, signed(claims, key=Ed25519PrivateKey.generate())) == "invalid"
    context.close()


@in_a_browser
def test_our_own_ed25519_agrees_with_published_vectors_and_refuses_malleable_ones(
    browser: Browser,
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_script_tag(content=(STATIC / "slip-ed25519.js").read_text(encoding="utf-8"))
    verify = """([key, signature, message]) => slipEd25519.verify(
        ...[key, signature, message].map((hex) => Uint8Array.from(
            (hex.match(/../g) || []).map((two) => parseInt(two, 16)))))"""
    order = 2**252 + 27742317777372353535851937790883648493

    for key, signature, message in RFC_8032:
        assert page.evaluate(verify, [key, signature, message]) is True
        assert page.evaluate(verify, [key, signature, message + "00"]) is False
        s = int.from_bytes(bytes.fromhex(signature)[32:], "little") + order
        malleable = signature[:64] + s.to_bytes(32, "little").hex()
        assert page.evaluate(verify, [key, malleable, message]) is False
        assert page.evaluate(verify, ["ff" * 32, signature, message]) is False
        assert page.evaluate(verify, [key, signature[:-2], message]) is False
    for length in (0, 1, 46, 47, 48, 63, 64, 111, 112, 128, 400):
        own = Ed25519PrivateKey.generate()
        text = (bytes(range(256)) * 2)[:length]
        raw = own.public_key().public_bytes_raw().hex()
        assert page.evaluate(verify, [raw, own.sign(text).hex(), text.hex()]) is True
    context.close()


def test_the_page_is_public_strict_and_names_no_other_host(client: FlaskClient) -> None:
    answer = client.get("/slip")
    script = (STATIC / "slip.js").read_text(encoding="utf-8")
    style = (STATIC / "slip.css").read_text(encoding="utf-8")

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|\sstyle=", answer.text) == []
    assert re.findall(r"https?://", answer.text + script + style) == []
    # Relative addresses: the page has to work where it was saved.
    assert re.findall(r'(?:src|href)="/', answer.text) == []
    assert KHMER.search(answer.text)
    assert "Verify an eligibility slip" in answer.text


def test_every_word_of_a_slip_is_there_in_khmer_and_english() -> None:
    assert set(slip_words.VERDICT) == set(VERDICTS) - {"not_found"}
    assert set(slip_words.BENEFIT) == set(BENEFITS)
    for vocabulary in (
        slip_words.VERDICT, slip_words.BENEFIT, slip_words.FIELD, slip_words.OUTCOME,
        {"title": slip_words.TITLE, "none": slip_words.NONE},
    ):  # fmt: skip
        for khmer, english in vocabulary.values():
            assert KHMER.search(khmer)
            assert english
            assert not KHMER.search(english)
