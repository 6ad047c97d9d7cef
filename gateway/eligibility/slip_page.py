"""The page on which anybody verifies a slip, online or saved to disk: it needs only the public key.

The browser does the verifying; nothing is sent anywhere. The page carries the keys published when
it was opened, and asks for them again only when a slip names one it does not have.
"""

from __future__ import annotations

from flask import render_template

from auth.keys import jwks
from config.json import dumps
from config.web import DeskBlueprint, public
from gateway.eligibility.slip_words import BENEFIT, FIELD, NONE, OUTCOME, TITLE, VERDICT

blueprint = DeskBlueprint("slip", __name__)

WORDS = {"verdict": VERDICT, "benefit": BENEFIT, "field": FIELD, "outcome": OUTCOME, "none": NONE}


@blueprint.get("/slip")
@public
def verify() -> str:
    """Show the page that verifies slips, for everybody."""
    return render_template(
        "eligibility/slip_verify.html",
        title=TITLE,
        words=dumps(WORDS).decode(),
        keys=dumps(jwks()).decode(),
    )
