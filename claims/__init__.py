"""Claims and money: adjudication <- ledger <- submission <- review <- reimbursement."""
