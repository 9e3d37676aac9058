"""The servers and processes that make up a running Shelftalk on one machine."""
