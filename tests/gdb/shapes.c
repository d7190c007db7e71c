/* The program of the session in docs/gdb.md. */
#include <stdio.h>

struct size { int x, y; };
int counter;
int (*chosen)(struct size *);

int area(struct size *size)
{
    counter += 1;
    return size->x * size->y;
}

double half(long long n) { return n / 2.0; }

int divide(int a, int b) { return a / b; }

int main(int argc, char **argv)
{
    int total = 0;
    chosen = area;
    for (int i = 0; i < 5; i++) {
        struct size size = {i, i + 1};
        total += chosen(&size);
    }
    printf("total %d, half of it %g\n", total, half(total));
    return divide(total, argc - 1);
}
