"""What Git wants: bytes of channel files in, channels or findings out; pure, it opens no file."""
