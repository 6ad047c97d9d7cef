"""Finance's desk: what waits, batches, payment runs; and everybody's remittances."""

from claims.reimbursement.desk import payments, remittances
from claims.reimbursement.desk.blueprint import blueprint, remittance_blueprint

__all__ = ["blueprint", "payments", "remittance_blueprint", "remittances"]
