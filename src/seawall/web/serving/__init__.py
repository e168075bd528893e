"""Running the server: one process or several workers on one socket, drained when they are told to stop."""
