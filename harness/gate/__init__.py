"""The regression gate: is the mean of a metric over training seeds worse by more than a margin?

verdict      what the rule is asked and what it answers
rule         the decision at one look
contrast     Welch's test of a change against a margin, and the interval that it inverts to
sample_size  how many seeds would decide, and which change is found
simulation   how often the whole rule errs
sentences    a verdict in words

trainings    what runs gave, by variant and seed
baseline     the file that is committed
changes      what differs between the baseline and fresh runs
check        baseline and trainings -> the verdict of every variant
update       a new baseline, and what is different in it

shown        numbers as the outputs write them
terminal, markdown, junit, document   the outputs
"""
