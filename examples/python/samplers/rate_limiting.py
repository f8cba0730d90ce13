import threading
import time

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler


class RateLimiting(Sampler):
    """A token bucket: the SDK has none of its own."""

    def __init__(self, per_second):
        self.per_second = per_second
        self.tokens = per_second
        self.at = time.monotonic()
        self.lock = threading.Lock()

    def should_sample(self, *args, **kwargs):
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.per_second, self.tokens + (now - self.at) * self.per_second)
            self.at = now
            kept = self.tokens >= 1
            if kept:
                self.tokens -= 1
        return (ALWAYS_ON if kept else ALWAYS_OFF).should_sample(*args, **kwargs)

    def get_description(self):
        return f"RateLimiting{{{self.per_second}}}"
