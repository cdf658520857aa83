// The peer in C++: std::priority_queue, events by value, first in first out among equal times by a sequence number.
//
//   hold hold PENDING EVENTS    each event schedules one after an exponential delay
//   hold phold NODES EVENTS     a handler sends on to a random node after an exponential delay
//   hold mm1 0 CUSTOMERS        one server, load 0.8
//
// Prints the count, the CPU seconds and a result to check: the mean population (hold, phold) or the mean wait (mm1).

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <queue>
#include <vector>

static uint32_t x = 123456789, y = 362436069, z = 521288629, w = 88675123;

static inline double uniform() {
  uint32_t t = x ^ (x << 11);
  x = y;
  y = z;
  z = w;
  w = w ^ (w >> 19) ^ t ^ (t >> 8);
  return (w + 0.5) / 4294967296.0;
}

static inline double exponential() { return -std::log(uniform()); }

struct Event {
  double time;
  uint64_t sequence;
  int32_t target, source, meta;
};

struct Later {
  bool operator()(const Event& a, const Event& b) const {
    return a.time > b.time || (a.time == b.time && a.sequence > b.sequence);
  }
};

static std::priority_queue<Event, std::vector<Event>, Later> events;
static uint64_t sequence = 0;
static double now = 0;

static inline void push(double time, int32_t target, int32_t source, int32_t meta) {
  events.push(Event{time, sequence++, target, source, meta});
}

static inline Event pop() {
  Event event = events.top();
  events.pop();
  now = event.time;
  return event;
}

static double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

static double hold(int pending, long count) {
  for (int i = 0; i < pending; i++) push(exponential(), i, 0, 0);
  for (long i = 0; i < count; i++) {
    Event event = pop();
    push(event.time + exponential(), event.target, event.source, event.meta);
  }
  return count / now;
}

typedef void (*Handler)(const Event&);
static std::vector<Handler> handlers;
static std::vector<long> visits;

static void forward(const Event& event) {
  visits[event.target]++;
  push(now + exponential(), int32_t(uniform() * handlers.size()), event.target, 0);
}

static double phold(int nodes, long count) {
  handlers.assign(nodes, forward);
  visits.assign(nodes, 0);
  for (int i = 0; i < nodes; i++) push(exponential(), i, i, 0);
  for (long i = 0; i < count; i++) {
    Event event = pop();
    handlers[event.target](event);
  }
  long sum = 0;
  for (long n : visits) sum += n;
  return sum / now;
}

static const double LOAD = 0.8;
static std::deque<double> waiting;
static bool busy = false;
static long arrivals_left = 0, served = 0;
static double wait_sum = 0;

static void serve(double arrived) {
  busy = true;
  served++;
  wait_sum += now - arrived;
  push(now + exponential(), 1, 0, 0);
}

static void arrive(const Event&) {
  if (--arrivals_left > 0) push(now + exponential() / LOAD, 0, 0, 0);
  if (busy) waiting.push_back(now);
  else serve(now);
}

static void depart(const Event&) {
  busy = false;
  if (waiting.empty()) return;
  double arrived = waiting.front();
  waiting.pop_front();
  serve(arrived);
}

static double mm1(long customers) {
  handlers = {arrive, depart};
  arrivals_left = customers;
  push(0, 0, 0, 0);
  while (!events.empty()) {
    Event event = pop();
    handlers[event.target](event);
  }
  return wait_sum / served;
}

int main(int, char** argv) {
  int pending = std::atoi(argv[2]);
  long count = std::atol(argv[3]);
  double before = cpu_seconds(), result;
  if (!std::strcmp(argv[1], "hold")) result = hold(pending, count);
  else if (!std::strcmp(argv[1], "phold")) result = phold(pending, count);
  else result = mm1(count);
  std::printf("%ld %.6f %.9g\n", count, cpu_seconds() - before, result);
}
