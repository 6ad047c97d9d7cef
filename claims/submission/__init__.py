"""Claims from draft to the queue, and the one table of their states."""
