"""The encoder: one network that reads a text once, and its heads.

`inputs` turns words into arrays, `network` runs the network (onnxruntime, no torch), `decode` turns
scores into names, trees and frames. No spaCy in here: `transforms/language.py` makes a pipeline
component of it.
"""
