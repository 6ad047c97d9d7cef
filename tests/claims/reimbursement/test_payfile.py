"""The bank's files: valid against the published schema, the same bytes every time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from claims.reimbursement.payfile import (
    NAMESPACE,
    Payer,
    Transfer,
    UnfitAccount,
    csv_file,
    pain_001,
)

PAYER = Payer("NSSF (demo payer)", "DEMO-000-000001", "DEMOKHPP")


def to(batch: str, facility: str, payee: str, account: str, riel: int, **given: Any) -> Transfer:
    return Transfer(
        batch, batch, facility, payee, account, riel, **{"scheme": "hef", "claims": 1, **given}
    )


ONE = to(
    "B26K00000000A", "120101", "Kampot & Sons", "001-120101", 6000, scheme="health_care", claims=2
)
TWO = to("B26K00000000B", "030201", "មន្ទីរពេទ្យខេត្ត", "១២៣", 80_000)
MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678, tzinfo=UTC)


def write(*transfers: Transfer, msg_id: str = "P26K00000000C") -> bytes:
    return pain_001(
        msg_id, payer=PAYER, transfers=transfers, created_at=MOMENT, pay_on=date(2026, 11, 22)
    )


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """The schema as ISO publishes it; a development library carries it."""
    spec = find_spec("sepaxml")
    assert spec is not None
    assert spec.origin is not None
    return xmlschema.XMLSchema(Path(spec.origin).parent / "schemas" / "pain.001.001.09.xsd")


def parsed(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)


def texts(content: bytes, path: str) -> list[str | None]:
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
    return [found.text for found in parsed(content).iterfind(f".//{steps}")]


def test_the_message_is_valid_pain_001_001_09(schema: xmlschema.XMLSchema) -> None:
    schema.validate(parsed(write(ONE, TWO)))


def test_the_longest_names_and_accounts_are_still_valid(schema: xmlschema.XMLSchema) -> None:
    long = to("B" * 35, "1", "ក" * 300, "1" * 34, 10**12, scheme="occupational_risk", claims=10**6)

    schema.validate(parsed(write(long)))


def test_the_schema_would_notice_a_message_without_a_payer(schema: xmlschema.XMLSchema) -> None:
    broken = write(ONE).replace(b"<Dbtr>", b"<Cdtr>").replace(b"</Dbtr>", b"</Cdtr>")

    assert not schema.is_valid(parsed(broken))


def test_control_sum_and_count_agree_with_the_transfers() -> None:
    content = write(ONE, TWO)

    assert texts(content, "GrpHdr/CtrlSum") == texts(content, "PmtInf/CtrlSum") == ["86000"]
    assert texts(content, "GrpHdr/NbOfTxs") == ["2"]
    assert texts(content, "InstdAmt") == ["6000", "80000"]
    assert b'Ccy="KHR"' in content


def test_names_are_escaped_and_keep_their_script() -> None:
    content = write(ONE, TWO)

    assert texts(content, "Cdtr/Nm") == ["Kampot & Sons", "មន្ទីរពេទ្យខេត្ត"]
    assert texts(content, "CdtrAcct/Id/Othr/Id") == ["001-120101", "១២៣"]
    assert texts(content, "PmtId/EndToEndId") == ["B26K00000000A", "B26K00000000B"]


def test_the_same_payment_always_makes_the_same_bytes() -> None:
    assert write(ONE, TWO) == write(ONE, TWO)
    assert texts(write(ONE), "GrpHdr/MsgId") == ["P26K00000000C"]


@pytest.mark.parametrize("account", ["", "1" * 35])
def test_an_account_the_message_cannot_carry_is_refused(account: str) -> None:
    with pytest.raises(UnfitAccount):
        write(to("B1", "1", "x", account, 1))


def test_the_csv_holds_one_row_a_transfer_and_no_formula() -> None:
    sly = to("B26K00000000D", "030201", "=1+1", "0012", 5)

    lines = csv_file("P1", transfers=[ONE, sly]).decode("utf-8-sig").splitlines()

    assert lines == [
        "end_to_end_id,batch,facility,payee_name,method,account,amount_riel,scheme,claims,reference",
        "B26K00000000A,B26K00000000A,120101,Kampot & Sons,bank,001-120101,6000,health_care,2,P1",
        "B26K00000000D,B26K00000000D,030201,'=1+1,bank,0012,5,hef,1,P1",
    ]


def test_a_member_is_a_creditor_of_its_own_under_the_allowance_number(
    schema: xmlschema.XMLSchema,
) -> None:
    member = Transfer(
        "A26K00000000E", "B26K00000000F", "members", "សុខ តារា", "009", 400_000, "allowances", 1
    )

    content = write(ONE, member)

    schema.validate(parsed(content))
    assert texts(content, "PmtId/EndToEndId") == ["B26K00000000A", "A26K00000000E"]
    assert texts(content, "Cdtr/Nm") == ["Kampot & Sons", "សុខ តារា"]
    assert texts(content, "RmtInf/Ustrd")[1] == "NSSF allowances B26K00000000F"


def test_a_wallet_and_cash_are_for_the_list_and_no_banks_message() -> None:
    rest = ("members", "x", None, 5, "allowances", 1)
    cash = Transfer("A26K00000000G", "B26K00000000F", *rest, method="cash")

    assert not cash.through_bank
    assert csv_file("P1", transfers=[cash]).endswith(b",x,cash,,5,allowances,1,P1\r\n")
