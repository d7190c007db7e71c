/* Many values in Wasm locals, alive across a call: they lie far from the frame's base. */
#include <stdlib.h>

__attribute__((noinline)) int inner(int a, int b)
{
    return a * b;
}

__attribute__((noinline)) int outer(int a, int b, int c, int d, int e, int f, int g, int h)
{
    int i = a + b, j = b + c, k = c + d, l = d + e, m = e + f, n = f + g, o = g + h, p = h + a;
    int q = inner(a, h);
    int r = inner(q, i);
    return r + a + b + c + d + e + f + g + h + i * j * k * l * m * n * o * p + q;
}

int main(int argc, char **argv)
{
    return outer(argc, 2, 3, 4, 5, 6, 7, 8) == 0;
}
