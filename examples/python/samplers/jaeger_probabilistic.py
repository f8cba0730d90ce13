from with_jaeger import traffic_with

# Three of ten traces.
traffic_with(sampler={"type": "probabilistic", "param": 0.3})
