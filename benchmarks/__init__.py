"""How fast the SDK and its bus are, beside released peers on the same machine in the same minutes. See README.md."""
