"""What becomes of a dose besides given and missed: put off with an owner and a day to look again, and where its drug is."""
