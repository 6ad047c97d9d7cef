"""People in the registry: members and dependents, read only."""
