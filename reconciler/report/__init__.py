"""JSON documents and their renderings, each escaped for its surface; pure, it prints nothing."""
