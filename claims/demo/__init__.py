"""The demo month: a synthetic registry, a login per role, and a month of visits and claims.

    cli → loading → month → (visiting, filing, deciding, paying) → diary, people, bodies → cast
                  → store, world (→ showcase), logins

Everything is done by the services themselves, as the demo's own users. Nobody in it exists.
"""
