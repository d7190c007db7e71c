/* Calls: the doubly recursive Fibonacci. */
#include "timing.h"

__attribute__((noinline)) uint32_t fib(uint32_t n)
{
    if (n < 2)
        return n;
    return fib(n - 1) + fib(n - 2);
}

static uint32_t kernel(void)
{
    volatile uint32_t n = 31;
    return fib(n);
}

int main(void)
{
    return time_kernel(kernel);
}
