"""How people hear of a message, and what happens when they do not."""
