"""What an allowance is worth and why: dated rules as data, pure computation, no clock, no session."""
