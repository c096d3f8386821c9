"""What happens in the chair: one record for each dose, line by line, and what the patient reads of that day."""
