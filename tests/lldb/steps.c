/* Steps: into functions with and without lines, through function pointers, by recursion without a result,
   over a call to the host, out of nested calls in one line. */
#include <unistd.h>

int total;

__attribute__((noinline)) int twice(int x)
{
    int doubled = 2 * x;
    return doubled;
}

__attribute__((noinline, nodebug)) int hidden(int (*call)(int), int x)
{
    int y = x + 1;
    return call(y);
}

__attribute__((noinline)) void down(int n)
{
    if (n > 0)
        down(n - 1);
    total += n;
    total *= 2;
}

int main(void)
{
    int (*volatile pointer)(int) = twice;
    int r = hidden(twice, 20);
    r += pointer(r);
    r += twice(twice(1));
    down(4);
    r += (int)write(1, "host\n", 5);
    return r + total;
}
