/* A short that an optimiser keeps, extended, in a local of the Wasm machine. */
#include <stdio.h>

volatile int marked;
__attribute__((noinline)) void mark(int i) { marked = i; }
__attribute__((noinline)) short before(short s) { return s - 1; }
__attribute__((noinline)) int use(short s, int i) { return s * 10 + i; }

__attribute__((noinline)) int walk(short s)
{
  int sum = 0;
  for (int i = 0; i < 3; i++) {
    s = before(s);
    mark(i);
    sum += use(s, i);
    printf("%d\n", sum);
  }
  return sum;
}

int main(int argc, char **argv) { return walk(-3 * argc) & 7; }
