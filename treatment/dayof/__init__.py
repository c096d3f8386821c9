"""The day of a dose and what comes after: the day's page, check-ins, after-care, the wallet card, plans of the patient."""
