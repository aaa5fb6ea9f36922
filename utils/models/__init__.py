"""Classifiers and generators."""
