"""MLflow mirrors what happened in a run: events.jsonl is the truth.

system   processor, memory and GPU use as events
library  MLflow, imported late and safely
mirror   replay events into MLflow, as often as needed
model    the generator as a logged model
uploader a background thread that mirrors while runs go on
"""
