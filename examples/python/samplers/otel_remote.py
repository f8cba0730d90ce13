import os
import threading
import time

import requests
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased

from rate_limiting import RateLimiting
from with_otel import SERVICE, traffic_with


class Remote(Sampler):
    """What the server's file of strategies says of a service, asked for every second: the SDK has none of its own."""

    def __init__(self, url, service):
        self.url, self.service, self.answer, self.sampler = url, service, None, ALWAYS_OFF
        threading.Thread(target=self.ask, daemon=True).start()

    def ask(self):
        while True:
            try:
                self.follow(requests.get(f"{self.url}/sampling", params={"service": self.service}, timeout=5).json())
            except (requests.RequestException, KeyError):
                pass  # The last answer holds.
            time.sleep(1)

    def follow(self, answer):
        if answer == self.answer:
            return
        if answer["strategyType"] == "RATE_LIMITING":
            self.sampler = RateLimiting(answer["rateLimitingSampling"]["maxTracesPerSecond"])
        else:
            self.sampler = TraceIdRatioBased(answer["probabilisticSampling"]["samplingRate"])
        self.answer = answer

    def should_sample(self, *args, **kwargs):
        return self.sampler.should_sample(*args, **kwargs)

    def get_description(self):
        return f"Remote{{{self.url}}}"


traffic_with(ParentBased(Remote(os.environ.get("SAMPLING_ENDPOINT", "http://localhost:5778"), SERVICE)))
