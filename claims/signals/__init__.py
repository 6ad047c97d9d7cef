"""Why NSSF looks at a claim: patterns, watches and a secret sample. Nothing of it leaves NSSF."""
