"""The eligibility decision: from a card number and a day to a recorded, explained verdict."""
