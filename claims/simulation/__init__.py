"""What a changed policy or price list would have paid on past claims: read only, in batches."""
