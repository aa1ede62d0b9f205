"""The stages: how one kind of row becomes the next. One stage a module."""
