"""The registry feed: its columns, its checks, its import, and a generator of synthetic feeds."""
