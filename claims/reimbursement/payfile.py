"""The files a bank is given: ISO 20022 pain.001.001.09 and CSV, from plain values. Pure.

One credit transfer a facility's batch, or a member of a members' batch. The message's id is the
number of the batch or run, its moment is given by the caller, so that the same payment always makes
the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from config.later import later
from config.sheets import csv_bytes

if TYPE_CHECKING:
    from pyiso20022.pain import pain_001_001_09 as pain
else:
    pain = later("pyiso20022.pain.pain_001_001_09")
datatype = later("xsdata.models.datatype")
serializers = later("xsdata.formats.dataclass.serializers")

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCY = "KHR"
BANK = "bank"
# Limits of the message: a name has 140 characters, an account that is no IBAN 34.
NAME_LENGTH, ACCOUNT_LENGTH = 140, 34
CSV_HEADER = (
    "end_to_end_id", "batch", "facility", "payee_name", "method", "account", "amount_riel", "scheme",
    "claims", "reference",
)  # fmt: skip


class UnfitAccount(ValueError):
    """An account number the message cannot carry."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as settings say."""

    name: str
    account: str
    bank: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money on its way to one facility (a whole batch) or one member (one allowance of it).

    `end_to_end` is the number the bank's answer comes back with.
    """

    end_to_end: str
    batch: str
    facility: str
    payee: str
    account: str | None
    riel: int
    scheme: str
    claims: int
    method: str = BANK

    @property
    def through_bank(self) -> bool:
        """Tell whether a bank's message can carry it: a wallet or cash cannot."""
        return self.method == BANK


def pain_001(
    msg_id: str, *, payer: Payer, transfers: Sequence[Transfer], created_at: datetime, pay_on: date
) -> bytes:
    """Write the credit transfers as pain.001.001.09."""
    total, count = Decimal(sum(one.riel for one in transfers)), str(len(transfers))
    header = pain.GroupHeader85(
        msg_id=msg_id,
        cre_dt_tm=datatype.XmlDateTime.from_string(created_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        nb_of_txs=count,
        ctrl_sum=total,
        initg_pty=pain.PartyIdentification135(nm=payer.name[:NAME_LENGTH]),
    )
    instruction = pain.PaymentInstruction30(
        pmt_inf_id=msg_id,
        pmt_mtd=pain.PaymentMethod3Code.TRF,
        btch_bookg=True,
        nb_of_txs=count,
        ctrl_sum=total,
        reqd_exctn_dt=pain.DateAndDateTime2Choice(dt=datatype.XmlDate.from_date(pay_on)),
        dbtr=pain.PartyIdentification135(nm=payer.name[:NAME_LENGTH]),
        dbtr_acct=_account(payer.account, currency=CURRENCY),
        dbtr_agt=_bank(payer.bank),
        chrg_br=pain.ChargeBearerType1Code.DEBT,
        cdt_trf_tx_inf=[_transfer(one) for one in transfers],
    )
    message = pain.CustomerCreditTransferInitiationV09(grp_hdr=header, pmt_inf=[instruction])
    document = pain.Document(cstmr_cdt_trf_initn=message)
    looks = serializers.config.SerializerConfig(indent="  ", encoding="UTF-8")
    text: str = serializers.XmlSerializer(config=looks).render(document, ns_map={None: NAMESPACE})
    return text.encode()


def csv_file(msg_id: str, *, transfers: Sequence[Transfer]) -> bytes:
    """Write the credit transfers as CSV, for a bank's upload page."""
    rows = [
        (
            one.end_to_end, one.batch, one.facility, one.payee, one.method, one.account, one.riel,
            one.scheme, one.claims, msg_id,
        )
        for one in transfers
    ]  # fmt: skip
    return csv_bytes(CSV_HEADER, rows)


def _transfer(one: Transfer) -> pain.CreditTransferTransaction34:
    claims = "" if one.end_to_end != one.batch else f", {one.claims} claims"
    words = f"NSSF {one.scheme} {one.batch}{claims}"
    return pain.CreditTransferTransaction34(
        pmt_id=pain.PaymentIdentification6(instr_id=one.end_to_end, end_to_end_id=one.end_to_end),
        amt=pain.AmountType4Choice(
            instd_amt=pain.ActiveOrHistoricCurrencyAndAmount(value=Decimal(one.riel), ccy=CURRENCY)
        ),
        cdtr=pain.PartyIdentification135(nm=one.payee[:NAME_LENGTH]),
        cdtr_acct=_account(one.account or ""),
        rmt_inf=pain.RemittanceInformation16(ustrd=[words]),
    )


def _account(number: str, *, currency: str | None = None) -> pain.CashAccount38:
    if not 0 < len(number) <= ACCOUNT_LENGTH:
        raise UnfitAccount(number)
    other = pain.GenericAccountIdentification1(id=number)
    return pain.CashAccount38(id=pain.AccountIdentification4Choice(othr=other), ccy=currency)


def _bank(code: str) -> pain.BranchAndFinancialInstitutionIdentification6:
    # Cambodian banks are known by codes of their own as often as by BIC.
    other = pain.GenericFinancialIdentification1(id=code)
    return pain.BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=pain.FinancialInstitutionIdentification18(othr=other)
    )
