"""An Optuna study as the one queue of work: its storage, what it is for, and the slots that workers claim."""
