"""When things happen: the event kernel, which defines time, and the engines that agree with it."""
