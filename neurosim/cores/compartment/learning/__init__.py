"""The learning engine of a compartment core: traces, epochs, and rules that are sums of products."""
