"""The review queue, leases and decisions."""
