"""The peer in Python: SimPy, one process per pending event (hold), per node and message (phold) or per customer (mm1).

    hold_simpy.py hold PENDING EVENTS
    hold_simpy.py phold NODES EVENTS
    hold_simpy.py mm1 0 CUSTOMERS

Prints the count, the CPU seconds and a result to check: the mean population (hold, phold) or the mean wait (mm1, load 0.8).
Debian 12 ships SimPy 2.3 (a module SimPy with hold, request and release), pip installs SimPy 3 or 4 (a module simpy).
"""

import random
import sys
import time

LOAD = 0.8


def new_hold(pending, count):
    env = simpy.Environment()

    def job():
        while True:
            yield env.timeout(random.expovariate(1))

    for _ in range(pending):
        env.process(job())
    # The first step of every process is an event as well, at time 0.
    for _ in range(pending + count):
        env.step()
    return count, count / env.now


def new_phold(nodes, count):
    env = simpy.Environment()
    stores = [simpy.Store(env) for _ in range(nodes)]
    done = [0]

    def link(target):
        yield env.timeout(random.expovariate(1))
        yield stores[target].put(1)

    def node(own):
        env.process(link(random.randrange(nodes)))
        while True:
            yield stores[own].get()
            done[0] += 1
            env.process(link(random.randrange(nodes)))

    for own in range(nodes):
        env.process(node(own))
    until = count / nodes
    env.run(until=until)
    return done[0], done[0] / until


def new_mm1(customers):
    env = simpy.Environment()
    server = simpy.Resource(env)
    waits = []

    def customer():
        arrived = env.now
        with server.request() as request:
            yield request
            waits.append(env.now - arrived)
            yield env.timeout(random.expovariate(1))

    def source():
        for _ in range(customers):
            env.process(customer())
            yield env.timeout(random.expovariate(LOAD))

    env.process(source())
    env.run()
    return customers, sum(waits) / customers


def old_hold(pending, count):
    done = [0]

    class Job(sim.Process):
        def run(self):
            while True:
                yield sim.hold, self, random.expovariate(1)
                done[0] += 1

    sim.initialize()
    for _ in range(pending):
        job = Job()
        sim.activate(job, job.run())
    # It has no way to stop after so many events: a mean of `pending` happen per unit of time.
    until = count / pending
    sim.simulate(until=until)
    return done[0], done[0] / until


def old_phold(nodes, count):
    sim.initialize()
    stores = [sim.Store() for _ in range(nodes)]
    done = [0]

    class Link(sim.Process):
        def run(self, target):
            yield sim.hold, self, random.expovariate(1)
            yield sim.put, self, stores[target], [1]

    def send():
        link = Link()
        sim.activate(link, link.run(random.randrange(nodes)))

    class Node(sim.Process):
        def run(self, own):
            send()
            while True:
                yield sim.get, self, stores[own], 1
                done[0] += 1
                send()

    for own in range(nodes):
        node = Node()
        sim.activate(node, node.run(own))
    until = count / nodes
    sim.simulate(until=until)
    return done[0], done[0] / until


def old_mm1(customers):
    server = sim.Resource(1)
    waits = []

    class Customer(sim.Process):
        def run(self):
            arrived = sim.now()
            yield sim.request, self, server
            waits.append(sim.now() - arrived)
            yield sim.hold, self, random.expovariate(1)
            yield sim.release, self, server

    class Source(sim.Process):
        def run(self):
            for _ in range(customers):
                customer = Customer()
                sim.activate(customer, customer.run())
                yield sim.hold, self, random.expovariate(LOAD)

    sim.initialize()
    source = Source()
    sim.activate(source, source.run())
    sim.simulate(until=1e300)
    return customers, sum(waits) / customers


try:
    import simpy

    hold, phold, mm1 = new_hold, new_phold, new_mm1
except ImportError:
    import SimPy.Simulation as sim

    hold, phold, mm1 = old_hold, old_phold, old_mm1

random.seed(1)
mode, pending, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
before = time.process_time()
if mode == "mm1":
    done, result = mm1(count)
else:
    done, result = (hold if mode == "hold" else phold)(pending, count)
print(done, time.process_time() - before, result)
