"""A search as a whole: its studies, its workers, and what it comes to in the end.

plan    what is searched, as studies
parent  the search's own record, which becomes its run in MLflow
final   winner and baseline, trained with fresh seeds and measured on the test split
watch   how it stands while it goes on
sweep   all of this in order
"""
