"""Files shipped with the program: the bundled news world, feed lists, lookup lists, gold cases."""
