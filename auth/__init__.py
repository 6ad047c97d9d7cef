"""Who is calling: people, machine clients, tokens, sessions and permissions."""
