"""Pages of treatment: the patient's, the team's about one patient, the therapies as data, allergies and medicines."""
