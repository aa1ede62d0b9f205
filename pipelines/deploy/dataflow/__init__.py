"""What a Flex template of Dataflow starts, and the metadata of its parameters."""
