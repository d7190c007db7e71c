// What is local to main, and functions that templates were given.
#include <cstdio>

struct Sink { static void add(int); };
int total;
void Sink::add(int x) { total += x; }

template <void (*F)(int)> struct Caller { void call() { F(2); total++; } };
typedef void (*function)(int);
template <function F> int apply(int x) { F(x); return x; }

int main(int argc, char **argv)
{
  struct Local { int twice(int k) { return k * 2 + total; } } local;
  auto closure = [&](int v) { return v + argc; };
  auto generic = [](auto v) { return v + 1; };
  Caller<&Sink::add> caller;
  caller.call();
  apply<Sink::add>(4);
  total += closure(3) + generic(2) + (int) generic(2.5) + local.twice(1);
  std::printf("%d\n", total);
  return 0;
}
