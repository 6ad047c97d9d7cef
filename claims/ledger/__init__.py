"""Double-entry postings in whole riel, append-only and zero-sum; adjustments of what is paid."""
