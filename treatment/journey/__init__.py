"""The patient's journey on one page: where I am, what comes next, what stands before it and who has it. It only reads."""
