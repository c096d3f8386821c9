"""Files of messages: cleaned in a process of their own, sealed, kept outside the database, opened only after the access check."""
