from with_jaeger import traffic_with

# Two traces a second.
traffic_with(sampler={"type": "ratelimiting", "param": 2})
