"""Perceptrons of finite size, sampled: patterns drawn, weights moved, overlaps measured."""
