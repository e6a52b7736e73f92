"""Pure text: nothing here reads, writes or waits."""
