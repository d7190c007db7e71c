/* Loops to be stepped over: each in one line, some with calls in them, one in a function that calls itself. */
#include <stdio.h>
#include <stdlib.h>

volatile unsigned sum;

__attribute__((noinline)) unsigned add(unsigned n)
{
    sum += n;
    return n;
}

__attribute__((noinline)) unsigned down(unsigned n)
{
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < 3; i++) sum++; return down(n - 1) + 1;
}

__attribute__((noinline)) unsigned fold(unsigned n) { return n ? fold(n - 1) + n : 0; }

int main(int argc, char **argv)
{
    unsigned turns = argc > 1 ? (unsigned)atoi(argv[1]) : 10, result;
    for (unsigned i = 0; i < turns; i++) sum += i;
    for (unsigned i = 0; i < 3; i++) add(i);
    result = down(3);
    result += fold(4);
    while (turns)
        turns--;
    printf("%u %u\n", sum, result);
    return 0;
}
