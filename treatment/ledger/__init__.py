"""The monitoring ledger: what is watched for how long, what was found, who looked at it, and what is overdue."""
