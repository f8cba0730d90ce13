import os

from with_jaeger import traffic_with

# 1 keeps everything, 0 nothing.
traffic_with(sampler={"type": "const", "param": int(os.environ.get("JAEGER_SAMPLER_PARAM", "1"))})
