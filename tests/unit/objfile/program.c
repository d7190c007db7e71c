/* What the tests of the object file look for in it: types, statics, recursion, inlining, pointers to
   functions, structs by value, and functions that nobody calls. */
#include <stdio.h>
#include <string.h>

struct node { int val; const char *name; struct node *next; };
typedef struct { int a, b; } pair;
typedef struct { double d; long long x, y; } big;
typedef int (*binop)(int, int);

struct node n2 = {2, "two", 0};
struct node n1 = {1, "one", &n2};
struct node *head = &n1;
int counter = 7;
double ratio = 1.5;
long double quad = 1.25L;
_Complex long double complex_quad;
int table[4] = {10, 20, 30, 40};

static int add(int a, int b) { return a + b; }
static int mul(int a, int b) { return a * b; }
binop ops[2] = {add, mul};

int fib(int n) {
  if (n < 2) return n;
  int a = fib(n - 1);
  return a + fib(n - 2);
}

double scale(double x, int a, float b) { return x * a + b; }

__attribute__((noinline)) pair mkpair(int a, int b) {
  pair p = {a, b};
  return p;
}

__attribute__((noinline)) big mkbig(int a) {
  big b = {a, a, a + 1};
  return b;
}

static inline __attribute__((always_inline)) int bump(int by) {
  static int calls = 4;
  int sum = by * counter + calls++;
  counter++;
  return sum;
}

__attribute__((noinline)) int walk(struct node *p) {
  int total = 0;
  for (; p; p = p->next) total += p->val + (int)strlen(p->name);
  return total;
}

int uncalled(int q) {
  static int uncalled_count = 4;
  return q + uncalled_count++;
}

int main(int argc, char **argv) {
  int r = fib(6);
  pair p = mkpair(r, argc);
  big b = mkbig(r);
  printf("%d %d %f %d\n", r, walk(head), scale(ratio, p.a, 1), ops[argc & 1](3, 4));
  printf("%d %d %f\n", bump(r), table[argc & 3], (double)(quad + b.d + __real__ complex_quad));
  return 0;
}
