"""Many claims at once from one file: NDJSON, CSV or XLSX, filed one by one as if each had been sent.

The file is kept and read by the worker; what became of every row can be downloaded afterwards.
"""
