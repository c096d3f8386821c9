"""What stands between a person and the next dose: the list before it, the questions of the last day, reminders, and the week's board.

Nothing here ever says that a dose is safe. The best word is "ready for the nurse to review".
"""
