"""Members and eligibility: facilities <- members <- coverage <- registry <- eligibility <- visits."""
