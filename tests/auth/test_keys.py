"""Signing keys in files: made once, rotated with two live ones, seen by every process."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auth.keys import PURPOSES, KeyRing, sign_seal, verify_seal

FIRST_STARTS = """
import json, multiprocessing, sys
from pathlib import Path
from auth.keys import PURPOSES, KeyRing

def first_start(start, answers):
    start.wait()
    ring = KeyRing(Path(sys.argv[1]))
    answers.put({purpose: ring.signer(purpose)[0] for purpose in PURPOSES})

context = multiprocessing.get_context("fork")
start, answers = context.Event(), context.Queue()
processes = [context.Process(target=first_start, args=(start, answers)) for _ in range(4)]
for process in processes:
    process.start()
start.set()
print(json.dumps([answers.get(timeout=60) for _ in processes]))
for process in processes:
    process.join()
"""


def test_processes_that_start_at_once_agree_on_one_key_for_each_purpose(tmp_path):
    folder = tmp_path / "keys"
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STARTS, folder],
        cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
    )  # fmt: skip

    found = json.loads(done.stdout)

    assert len(found) == 4
    assert all(one == found[0] for one in found)
    assert len(list(folder.glob("*.pem"))) == len(PURPOSES)
    assert not [
        path for path in folder.iterdir() if path.name.startswith(".") and path.name != ".lock"
    ]


def test_keys_are_readable_by_their_owner_only(tmp_path):
    ring = KeyRing(tmp_path / "keys")
    ring.signer("access")

    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for path in (tmp_path / "keys").glob("*.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies(tmp_path):
    ring = KeyRing(tmp_path)
    old, _ = ring.signer("access")

    new = ring.rotate("access")

    assert ring.signer("access")[0] == new
    assert set(ring.public_keys("access")) == {old, new}


def test_a_second_rotation_ends_the_oldest_key(tmp_path):
    ring = KeyRing(tmp_path)
    oldest, _ = ring.signer("slip")
    middle = ring.rotate("slip")
    newest = ring.rotate("slip")

    assert set(ring.public_keys("slip")) == {middle, newest}
    assert oldest not in {kid for _, kid, _ in ring.list_keys()}


def test_another_process_sees_a_rotation_at_its_next_question(tmp_path):
    here, there = KeyRing(tmp_path), KeyRing(tmp_path)
    there.signer("access")

    for _ in range(20):
        here.rotate("access")
        assert there.signer("access")[0] == here.signer("access")[0]


def test_revoking_the_only_key_makes_a_new_one(tmp_path):
    ring = KeyRing(tmp_path)
    kid, _ = ring.signer("access")

    assert ring.revoke(kid) == "access"

    assert kid not in ring.public_keys("access")
    assert ring.signer("access")[0] != kid


def test_revoking_an_unknown_key_says_so(tmp_path):
    ring = KeyRing(tmp_path)
    ring.signer("access")

    with pytest.raises(LookupError, match="no live key"):
        ring.revoke("access-0000000000000000")


def test_tokens_and_slips_never_share_a_key(tmp_path):
    ring = KeyRing(tmp_path)

    prints = [
        key.public_bytes_raw() for purpose in PURPOSES for key in ring.public_keys(purpose).values()
    ]

    assert len(prints) == len(set(prints)) == len(PURPOSES)


def test_what_a_retired_seal_key_signed_stays_verifiable(app):
    from auth.keys import ring

    kid, signature = sign_seal(b"a range of rows")
    ring().revoke(kid)

    assert verify_seal(kid, b"a range of rows", signature)
    assert not verify_seal(kid, b"another range", signature)
    assert not verify_seal("seal-0000000000000000", b"a range of rows", signature)
    assert sign_seal(b"more")[0] != kid


def test_the_published_set_holds_both_live_keys_and_nothing_private(client, app):
    from auth.keys import ring

    ring().rotate("access")

    answer = client.get("/.well-known/jwks.json")

    kids = [key["kid"] for key in answer.json["keys"]]
    assert set(kids) == {*ring().public_keys("access"), *ring().public_keys("slip")}
    assert len([kid for kid in kids if kid.startswith("access-")]) == 2
    assert not any("d" in key for key in answer.json["keys"])
    assert all(key["crv"] == "Ed25519" and key["alg"] == "EdDSA" for key in answer.json["keys"])
    assert "max-age" in answer.headers["Cache-Control"]
