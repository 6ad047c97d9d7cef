"""Loading one feed file: COPY into text staging, set-wise checks, build beside, swap in."""
