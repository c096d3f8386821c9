"""The work that messages make: who has it, until when, and what happens when nobody does."""
