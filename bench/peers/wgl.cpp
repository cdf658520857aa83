// The algorithm of Porcupine (Wing and Gong, Lowe), for one register with read, write and compare-and-set: a doubly
// linked list of calls and returns, a bit for every operation of the history, and a cache of (bits, state) by a hash of the
// bits. Written after the published description to measure against; the original is in Go.
//
//     wgl FILE MAX      FILE: a line "kind a b invoked returned" for each operation, in the order of events as numbered;
//                       kind 0 read of a, 1 write of a, 2 compare-and-set from a to b that matched, 3 one that did not
//
// Prints how many operations, the CPU seconds, and 1 if linearizable, 0 if not, -1 if it gave up at MAX configurations.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <unordered_map>
#include <vector>

struct Operation {
  int kind, a, b;
  long invoked, returned;
};

struct Node {
  int id;
  bool isCall;
  Node *match, *next, *prev;
};

using Bits = std::vector<uint64_t>;
struct Cached {
  Bits linearized;
  int state;
};

static bool step(const Operation &operation, int state, int &after) {
  after = state;
  switch (operation.kind) {
    case 0: return state == operation.a;
    case 1: after = operation.a; return true;
    case 2: after = operation.b; return state == operation.a;
    default: return state != operation.a;
  }
}

static uint64_t hashOf(const Bits &bits) {
  uint64_t hash = 0, ones = 0;
  for (uint64_t word : bits) {
    hash ^= word;
    ones += __builtin_popcountll(word);
  }
  return hash ^ ones;
}

static void lift(Node *call) {
  call->prev->next = call->next;
  call->next->prev = call->prev;
  Node *match = call->match;
  match->prev->next = match->next;
  if (match->next) match->next->prev = match->prev;
}

static void unlift(Node *call) {
  Node *match = call->match;
  match->prev->next = match;
  if (match->next) match->next->prev = match;
  call->prev->next = call;
  call->next->prev = call;
}

static int check(const std::vector<Operation> &operations, size_t max) {
  const size_t n = operations.size();
  struct Event { long time; bool isCall; int id; };
  std::vector<Event> events;
  for (size_t i = 0; i < n; i++) {
    events.push_back({operations[i].invoked, true, (int)i});
    events.push_back({operations[i].returned, false, (int)i});
  }
  std::stable_sort(events.begin(), events.end(), [](const Event &x, const Event &y) {
    return x.time != y.time ? x.time < y.time : x.isCall > y.isCall;
  });
  std::vector<Node> nodes(2 * n + 1);
  std::vector<Node *> calls(n);
  Node *head = &nodes[2 * n];
  *head = {-1, false, nullptr, nullptr, nullptr};
  Node *last = head;
  for (size_t i = 0; i < 2 * n; i++) {
    Node *node = &nodes[i];
    *node = {events[i].id, events[i].isCall, nullptr, nullptr, last};
    last->next = node;
    last = node;
    if (events[i].isCall) calls[events[i].id] = node;
    else calls[events[i].id]->match = node;
  }
  Bits linearized((n + 63) / 64);
  std::unordered_map<uint64_t, std::vector<Cached>> cache;
  std::vector<std::pair<Node *, int>> stack;
  size_t size = 0;
  int state = -1;
  Node *entry = head->next;
  while (head->next) {
    if (entry->isCall) {
      int after;
      if (!step(operations[entry->id], state, after)) {
        entry = entry->next;
        continue;
      }
      Bits with = linearized;
      with[entry->id / 64] |= 1ull << (entry->id % 64);
      auto &row = cache[hashOf(with)];
      bool known = std::any_of(row.begin(), row.end(), [&](const Cached &cached) {
        return cached.state == after && cached.linearized == with;
      });
      if (known) {
        entry = entry->next;
        continue;
      }
      if (++size > max) return -1;
      row.push_back({with, after});
      stack.push_back({entry, state});
      state = after;
      linearized = with;
      lift(entry);
      entry = head->next;
    } else {
      if (stack.empty()) return 0;
      entry = stack.back().first;
      state = stack.back().second;
      stack.pop_back();
      linearized[entry->id / 64] &= ~(1ull << (entry->id % 64));
      unlift(entry);
      entry = entry->next;
    }
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "r");
  if (!file) return 2;
  std::vector<Operation> operations;
  Operation operation;
  while (fscanf(file, "%d %d %d %ld %ld", &operation.kind, &operation.a, &operation.b, &operation.invoked,
                &operation.returned) == 5) {
    operations.push_back(operation);
  }
  fclose(file);
  clock_t begin = clock();
  int verdict = check(operations, strtoull(argv[2], nullptr, 10));
  printf("%zu %f %d\n", operations.size(), double(clock() - begin) / CLOCKS_PER_SEC, verdict);
}
