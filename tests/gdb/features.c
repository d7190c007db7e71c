/* A bit of everything that a debugger's user stops in, steps through, looks at and changes. */
#include <stdio.h>
#include <string.h>

struct pair { int a, b; };
struct big { int v[6]; double d; };

int total;
volatile int calls;
long double quad = 3.25L;
char text[16] = "start";
struct pair pairs[3] = {{1, 2}, {3, 4}, {5, 6}};

__attribute__((noinline)) int add(int a, int b) { return a + b; }
__attribute__((noinline)) int mul(int a, int b) { return a * b; }
int (*ops[2])(int, int) = {add, mul};

__attribute__((noinline)) int note(int x)
{
    static int sum;
    sum += x;
    calls++;
    return sum;
}

static inline __attribute__((always_inline)) int innermost(int k)
{
    int m = k * 7;
    note(m);
    return m + 1;
}

static inline __attribute__((always_inline)) int middle(int k)
{
    return innermost(k + 1) * 2;
}

__attribute__((noinline)) int outer(int n)
{
    return middle(n) + middle(n + 5);
}

__attribute__((noinline)) int parts(int a, int b)
{
    struct { int x, y; } v = {a + 1, b * 2};
    note(v.x);
    note(v.y);
    return note(v.x - v.y);
}

__attribute__((noinline)) struct pair swap(struct pair p)
{
    struct pair r = {p.b, p.a};
    return r;
}

__attribute__((noinline)) struct big fill(int n)
{
    struct big b;
    for (int i = 0; i < 6; i++)
        b.v[i] = n * i;
    b.d = n / 2.0;
    return b;
}

__attribute__((noinline)) int loop(int n)
{
    int s = 0;
    for (int i = 0; i < n; i++)
        s += i;
    return s;
}

__attribute__((noinline)) int last(int n)
{
    int tripled = n * 3;
    note(tripled);
    n = total;
    return n;
}

int main(int argc, char **argv)
{
    int r = outer(argc + 2);
    struct pair p = swap(pairs[1]);
    struct big b = fill(r);
    r += ops[argc & 1](p.a, p.b);
    r += loop(10);
    quad *= 2;
    strcpy(text, "middle");
    total = parts(r, argc);
    r += last(r);
    printf("%d %g %g %s %d\n", r, b.d, (double)quad, text, calls);
    return r != 0;
}
