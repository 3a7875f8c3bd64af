"""The regression gate.

verdict: the margin, the two sides and the verdict, as plain data;
contrast: the Welch test of a change against a margin, and the interval that inverts it;
rule: the decision;
sentences: the parts of the sentence of a verdict;
sample_size: how many seeds would decide, and the smallest change that a number of seeds finds;
simulation: the whole rule on simulated seeds.
"""
