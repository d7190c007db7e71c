/* Functions to be called from the debugger: every way an argument travels. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair { int a, b; };
struct big { int a[8]; double tail; };
struct one { double only; };
struct mixed { float x; int n; };

int counter;

int add(int a, int b) { return a + b; }
static int unpointed(int a, int b) { return a * 100 + b; }
long long wide(long long a, char c, unsigned short s) { return a + c + s; }
double scale(double x, float f, long long n) { return x * f * n; }
struct pair make_pair(int a) { struct pair p = {a, a + 1}; return p; }
struct big make_big(int a) { struct big b = {{a, a + 1}, a / 2.0}; return b; }
struct one make_one(double x) { struct one o = {x}; return o; }
struct mixed make_mixed(float x, int n) { struct mixed m = {x, n}; return m; }
int sum_pair(struct pair p) { return p.a + p.b; }
double sum_big(struct big b) { return b.a[0] + b.a[1] + b.tail; }
double only(struct one o) { return o.only; }
double sum_mixed(struct mixed m) { return m.x + m.n; }
int apply(int (*f)(int, int), int a, int b) { return f(a, b); }
int length(const char *text) { return (int)strlen(text); }
int many(int a, int b, int c, int d, int e, int f, int g, int h) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}
int sum_of(int count, ...) {
  va_list list;
  int sum = 0;
  va_start(list, count);
  while (count--) sum += va_arg(list, int);
  va_end(list);
  return sum;
}
int crash(int *p) { return *p; }
int leave(int code) { exit(code); }
int fib(int n) {
  counter++;
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
int outer(int n) {
  int inner = fib(n);
  return inner + 1;
}
int (*chosen)(int, int) = add;
struct pair a_pair = {3, 4};
struct big a_big = {{5, 6}, 0.5};
struct one an_one = {2.5};
struct mixed a_mixed = {1.5f, 7};
double half(double x) { return x / 2; }
float third(float x) { return x / 3; }
long long tenth(long long x) { return x / 10; }
int halves(int n) {
  double d = half(n);
  float f = third((float)n);
  long long l = tenth(n);
  struct pair p = make_pair(n);
  struct mixed m = make_mixed((float)n, n);
  n += m.n;
  return (int)(d * 100 + f + l + p.b + n);
}
int spread(int n) {
  int sum = add(
      n,
      fib(n));
  return sum;
}
int total(const int *numbers, int count) {
  int sum = 0;
  while (count--) sum += numbers[count];
  return sum;
}
int vary(int n) {
  int array[n];
  for (int i = 0; i < n; i++) array[i] = i + 1;
  return total(array, n);
}
struct deep { struct pair pairs[2]; char name[4]; struct { struct one one; } inner; };
struct deep a_deep = {{{1, 2}, {3, 4}}, "abc", {{0.25}}};
struct deep grow(struct deep d, int by) {
  d.pairs[1].b += by;
  d.inner.one.only *= by;
  return d;
}

int main(void) {
  char text[16];
  snprintf(text, sizeof text, "%d", unpointed(1, 2));
  int value = outer(3);
  value += (vary(50) + halves(0) + spread(0) + grow(a_deep, 0).pairs[1].b) * 0;
  printf("%s %d %d %p\n", text, value, add(1, 2), malloc(1) ? (void *)0 : (void *)1);
  return value;
}
