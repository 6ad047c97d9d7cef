"""Appeals: a facility asks again, somebody else decides, and the earlier decision is kept."""
