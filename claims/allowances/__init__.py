"""Cash to the member: maternity, birth, sickness and death allowances, refunds, pregnancies."""
