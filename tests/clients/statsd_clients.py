"""What programs send who use the packages statsd and datadog: statsd_clients.py HOST PORT"""

import sys

import statsd
from datadog.dogstatsd.base import DogStatsd

host, port = sys.argv[1], int(sys.argv[2])

client = statsd.StatsClient(host, port, prefix="app")
for _ in range(3):
    client.incr("logins")
client.incr("logins", 4)
client.decr("balance")
client.gauge("load", 70)
client.gauge("load", 5, delta=True)
client.gauge("load", -25, delta=True)
# It sends 0 first, in the same datagram.
client.gauge("below", -5)
client.timing("request", 320)
with client.timer("block"):
    pass
client.set("users", "somebody")
with client.pipeline() as pipe:
    pipe.incr("piped", 2)
    pipe.gauge("piped.gauge", 0.5)
    pipe.timing("piped.time", 12.5)

tags = ["env:prod", "urgent", "host:a.b"]
dog = DogStatsd(host=host, port=port, constant_tags=["team:x"])
dog.increment("dog.views", 2, tags=tags)
dog.decrement("dog.balance")
dog.gauge("dog.load", 1.5, tags=tags)
dog.gauge("dog.load", 2.5, tags=tags)
dog.histogram("dog.size", 12, tags=tags)
dog.distribution("dog.spread", 0.2)
dog.timing("dog.time", 250)
dog.set("dog.users", "somebody")
dog.event("title", "text", tags=tags)
dog.service_check("dog.check", 0)
dog.flush()
dog.close_socket()
