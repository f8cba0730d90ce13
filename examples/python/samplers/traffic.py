"""The requests that each sampler beside this file decides about."""
import json
import os
import time

REQUESTS = int(os.environ.get("REQUESTS", "1000"))
PER_SECOND = int(os.environ.get("PER_SECOND", "500"))


def traffic(start_span, is_kept, end):
    """Starts and ends a span for each; prints, for each second, how many there were and how many of them were kept."""
    began = time.time()
    second = {"requests": 0, "kept": 0}
    for i in range(1, REQUESTS + 1):
        span = start_span()
        second["requests"] += 1
        second["kept"] += 1 if is_kept(span) else 0
        end(span)
        if i % PER_SECOND == 0:
            print(json.dumps(second), flush=True)
            second = {"requests": 0, "kept": 0}
        time.sleep(max(0.0, began + i / PER_SECOND - time.time()))
