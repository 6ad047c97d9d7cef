"""What a claim is worth and why: tariffs, rules and findings."""
