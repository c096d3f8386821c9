"""What stands beside a message while the patient writes: red-flag questions, phrases, taking it back."""
