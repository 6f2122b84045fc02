"""Wrappers of one library each that stand behind no port."""
