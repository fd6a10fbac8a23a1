"""`python -m supkit`."""

from supkit import supkit

supkit()
