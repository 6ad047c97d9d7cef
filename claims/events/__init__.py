"""The feed of events: everything a webhook would carry, read back from the audit trail."""
