"""What the team writes and makes: answers from templates, corrections, first words, things made of a message."""
