"""The self-check: what is new for the patient, asked from the red flags of their own therapy, before an infusion and at any time."""
